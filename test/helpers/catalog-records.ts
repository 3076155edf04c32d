import type { CatalogRecord } from '../../src/domain/catalog.ts';

type Grant = {
  readonly grantor: string;
  readonly grantee: string | null;
  readonly privilege: string;
  readonly grantable: boolean;
};

/** A record of the schema that its name begins with: `record('table', 'public.notes', {...})`. */
export function record(
  className: string,
  name: string,
  value: unknown = {},
  schema: string | null = schemaIn(name),
): CatalogRecord {
  return { class: className, name, schema, value: value as CatalogRecord['value'] };
}

function schemaIn(name: string): string | null {
  return /(?:^| )(\w+)\.[^ ]+$/.exec(name)?.[1] ?? null;
}

/** `ownerOf('table public.notes', 'app')` */
export function ownerOf(object: string, owner: string): CatalogRecord {
  const [, type, identity] = /^(.*) (\S+)$/.exec(object)!;
  return record('owner', object, { type, identity, owner }, type === 'schema' ? identity! : schemaIn(object));
}

/** `privilegesOf('table public.notes', ['postgres=anon: SELECT*'])`: grantor, grantee (none: PUBLIC), and a star for the grant option. */
export function privilegesOf(object: string, grants: readonly string[], column?: string): CatalogRecord {
  const [, type, identity] = /^(.*) (\S+)$/.exec(object)!;
  const value = { type, identity, ...(column === undefined ? {} : { column }), grants: grants.map(parseGrant) };
  const name = column === undefined ? object : `table column ${identity}.${column}`;
  return record('privileges', name, value, type === 'schema' ? identity! : schemaIn(object));
}

export function parseGrant(text: string): Grant {
  const [, grantor, grantee, privilege, star] = /^(.*)=(.*): (.*?)(\*?)$/.exec(text)!;
  return { grantor: grantor!, grantee: grantee === '' ? null : grantee!, privilege: privilege!, grantable: star === '*' };
}

export function roleRecord(name: string, attributes: Readonly<Record<string, unknown>> = {}): CatalogRecord {
  const plain = { superuser: false, inherit: true, createRole: false, createDatabase: false, login: false };
  return record(
    'role',
    name,
    { ...plain, replication: false, bypassRowSecurity: false, connectionLimit: -1, ...attributes },
    null,
  );
}

export function membershipOf(member: string, role: string, options: Readonly<Record<string, unknown>> = {}): CatalogRecord {
  const value = { role, member, adminOption: false, inheritOption: null, setOption: null, ...options };
  return record('membership', `${member} in ${role}`, value, null);
}

/** Null for the database. */
export function settingOf(role: string | null, setting: string, inDatabase = role === null): CatalogRecord {
  const whose = role === null ? 'all roles in this database' : `role ${role}${inDatabase ? ' in this database' : ''}`;
  return record('setting', `${whose}: ${setting.slice(0, setting.indexOf('='))}`, { role, inDatabase, setting }, null);
}
