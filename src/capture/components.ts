import { hiddenOptions, type Coverage } from '../domain/coverage.ts';
import type { TableRecord } from '../domain/manifest.ts';
import { isReservedRole } from '../domain/platform.ts';
import { describeCatalog } from './catalog-components.ts';
import { captured, count } from './coverage-texts.ts';
import { historySchema } from './dumps.ts';
import type { LargeObjects } from './large-objects.ts';
import type { Source } from './source.ts';

type Tables = readonly TableRecord[];

/**
 * Says of every component what became of it: nothing vanishes silently. Of the bytes of Storage another manifest
 * tells when they have an archive of their own.
 */
export function describeCoverage(source: Source, tables: Tables, storageElsewhere: boolean): Coverage[] {
  return [
    describeRoles(source),
    captured(
      'extensions',
      source.extensions.map(({ name, version }) => `${name} ${version}`).join(', '),
      source.extensions.length,
    ),
    captured('definitions', 'schemas, tables, views, functions, policies, triggers, privileges'),
    describeRows('tables', tables),
    describeMaterializedViews(tables),
    ...describeForeignTables(source.relations.foreignTables),
    describeLargeObjects(source.largeObjects),
    describeSchema(['migration history', historySchema], source, tables),
    describeSchema(['auth', 'auth'], source, tables),
    describeSchema(['storage metadata', 'storage'], source, tables),
    ...describeCatalog(source),
    ...describeHiddenMappings(source),
    ...describeOutsideOfDatabase(source, tables, storageElsewhere),
    ...source.relations.unreadable.map((entry) => ({
      component: entry.name === undefined ? `schema ${entry.schema}` : `${entry.kind} ${entry.schema}.${entry.name}`,
      state: 'not readable' as const,
      detail: entry.reason,
    })),
  ];
}

/** Passwords cannot be read; those of the platform's own roles are set by the platform. */
function describeRoles({ roles }: Source): Coverage {
  const login = roles.filter((role) => role.login && !isReservedRole(role.name)).map(({ name }) => name);
  const anew = login.length === 0 ? '' : `; a restore needs new ones for ${login.join(', ')}`;
  return captured('roles', `${count(roles.length, 'role')}, without passwords${anew}`);
}

function describeRows(component: string, relations: Tables): Coverage {
  const tables = relations.filter(({ kind }) => kind === 'table');
  const rows = tables.reduce((sum, table) => sum + (table.rows ?? 0), 0);
  return captured(component, `${count(tables.length, 'table')} with ${count(rows, 'row')}`, tables.length);
}

function describeMaterializedViews(tables: Tables): Coverage {
  const views = tables.filter(({ kind }) => kind === 'materialized view');
  return captured('materialized views', `${count(views.length, 'definition')}, refreshed by a restore`, views.length);
}

function describeForeignTables(foreignTables: number): Coverage[] {
  if (foreignTables === 0) return [];
  return [captured('foreign tables', `${count(foreignTables, 'definition')}; their rows lie on other servers`)];
}

function describeLargeObjects({ count: total, unreadable }: LargeObjects): Coverage {
  const component = 'large objects';
  if (unreadable === 0) return captured(component, count(total, 'object'), total);
  const detail = `${unreadable} of ${total} may not be read by this role, so none could be dumped`;
  return { component, state: 'not readable', detail };
}

/** No role of a hosted project can read those of another one, so the backup is no worse than it can be. */
function describeHiddenMappings({ hiddenMappings }: Source): Coverage[] {
  if (hiddenMappings.length === 0) return [];
  return [{ component: hiddenOptions, state: 'not supported', detail: hiddenMappings.join(', ') }];
}

/** A component that is a schema of its own, which a project may have or not. */
function describeSchema([component, schema]: readonly [string, string], source: Source, tables: Tables): Coverage {
  if (!source.schemas.has(schema)) return { component, state: 'not configured', detail: `there is no schema ${schema}` };
  return describeRows(
    component,
    tables.filter((table) => table.schema === schema),
  );
}

function describeObjects(objects: number): Coverage {
  if (objects === 0) return { component: 'storage objects', state: 'empty', detail: 'no objects' };
  return {
    component: 'storage objects',
    state: 'not configured',
    detail: `${count(objects, 'object')} in Storage: their metadata is captured, their bytes are not`,
  };
}

/** What a Supabase project has beside its database. */
function describeOutsideOfDatabase({ schemas }: Source, tables: Tables, storageElsewhere: boolean): Coverage[] {
  if (!schemas.has('auth') && !schemas.has('storage')) return [];
  const objects = tables.find((table) => table.schema === 'storage' && table.name === 'objects')?.rows ?? 0;
  return [
    ...(storageElsewhere ? [] : [describeObjects(objects)]),
    {
      component: 'project settings',
      state: 'not supported',
      detail: 'edge functions, API keys, JWT secret, auth settings and the vault root key lie outside of the database',
    },
  ];
}
