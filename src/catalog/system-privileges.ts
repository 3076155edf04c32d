import { classOf, joinExtension } from './scope.ts';

interface Granted {
  readonly catalog: string;
  readonly acl: string;
  readonly owner: string;
  /** The letter of acldefault() for what the privileges are when there are none. */
  readonly letter: string;
  /** The schema of the object; by itself for a schema. */
  readonly namespace: string;
  readonly where?: string;
}

const granted: readonly Granted[] = [
  { catalog: 'pg_namespace', acl: 'nspacl', owner: 'nspowner', letter: `'n'`, namespace: 'oid' },
  {
    catalog: 'pg_class',
    acl: 'relacl',
    owner: 'relowner',
    letter: `CASE o.relkind WHEN 'S' THEN 's' ELSE 'r' END`,
    namespace: 'relnamespace',
    where: `o.relkind IN ('r', 'p', 'v', 'm', 'f', 'S')`,
  },
  { catalog: 'pg_proc', acl: 'proacl', owner: 'proowner', letter: `'f'`, namespace: 'pronamespace' },
];

/** information_schema is not looked at by pg_dump either: what it grants by itself is in no list. */
const ofServer = `n.nspname = 'pg_catalog'`;

/**
 * Privileges on PostgreSQL's own objects, of those alone on which somebody has granted or revoked something since the server was
 * made: `REVOKE EXECUTE ON FUNCTION pg_sleep FROM PUBLIC`. pg_dump finds them the same way (pg_init_privs).
 */
export const systemPrivileges = `${granted.map(selectGranted).join('\n   UNION ALL')}
   UNION ALL
  SELECT c.tableoid AS classid, c.oid AS objid, pg_catalog.quote_ident(t.attname) AS "column", x.extname AS extension,
         coalesce(t.attacl, '{}') AS acl
    FROM pg_catalog.pg_attribute t
    JOIN pg_catalog.pg_class c ON c.oid = t.attrelid
    JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
    LEFT JOIN pg_catalog.pg_init_privs p ON p.classoid = c.tableoid AND p.objoid = c.oid AND p.objsubid = t.attnum
    ${joinExtension('pg_class', 'c.oid')}
   WHERE (t.attacl IS NOT NULL OR p.initprivs IS NOT NULL) AND NOT t.attisdropped
     AND ${ofServer} AND ${differ(`coalesce(t.attacl, '{}')`, `coalesce(p.initprivs, '{}')`)}`;

function selectGranted({ catalog, acl, owner, letter, namespace, where = 'true' }: Granted): string {
  const byDefault = `pg_catalog.acldefault((${letter})::"char", o.${owner})`;
  const now = `coalesce(o.${acl}, ${byDefault})`;
  return `
  SELECT o.tableoid AS classid, o.oid AS objid, NULL AS "column", x.extname AS extension, ${now} AS acl
    FROM pg_catalog.${catalog} o
    JOIN pg_catalog.pg_namespace n ON n.oid = o.${namespace}
    LEFT JOIN pg_catalog.pg_init_privs p ON p.classoid = ${classOf(catalog)} AND p.objoid = o.oid AND p.objsubid = 0
    ${joinExtension(catalog, 'o.oid')}
   WHERE (o.${acl} IS NOT NULL OR p.initprivs IS NOT NULL) AND ${where}
     AND ${ofServer} AND ${differ(now, `coalesce(p.initprivs, ${byDefault})`)}`;
}

/** The order of an array of rights means nothing. */
function differ(one: string, other: string): string {
  return `NOT (${one} @> ${other} AND ${other} @> ${one})`;
}
