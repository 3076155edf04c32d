import { largeObjectsSchema, type CatalogRecord } from '../domain/catalog.ts';
import { indexCatalog, recordsOf } from '../domain/catalog-index.ts';
import type { DumpEntry } from '../domain/dump-head.ts';
import { isManagedSchema, isPlatformOwner } from '../domain/platform.ts';
import { describeEntry } from '../domain/restore-selection.ts';
import { quoteIdentifier } from '../domain/sql.ts';
import { schemaOf, type TableName } from '../domain/restore-scope.ts';
import { relationKey, type TargetKind, type TargetRelation } from '../domain/selection.ts';
import { tolerateFailure } from '../domain/tolerant.ts';
import { clearJobs } from './cleared-jobs.ts';

/** What goes from a target before it is restored, and what it is called to people. */
export interface Clearing {
  readonly statements: readonly string[];
  readonly what: readonly string[];
  /** Roles that own what goes: the restoring role has to be a member of them. */
  readonly owners: readonly string[];
  /** Whether an entry of the target is still there afterwards. */
  readonly remains: (entry: DumpEntry) => boolean;
  readonly remainsRecord: (record: CatalogRecord) => boolean;
}

export const nothingCleared: Clearing = {
  statements: [],
  what: [],
  owners: [],
  remains: () => true,
  remainsRecord: () => true,
};

export interface ClearRequest {
  readonly kind: TargetKind;
  readonly entries: readonly DumpEntry[];
  readonly catalog: readonly CatalogRecord[];
  readonly relations: ReadonlyMap<string, TargetRelation>;
  /** Tables of the platform whose rows go. */
  readonly occupied: readonly TableName[];
  readonly largeObjects: number;
}

/**
 * Clears what is the user's: all schemas but those of the platform, policies and webhooks on tables of the platform, what stands
 * in no schema (event triggers, publications, foreign servers), jobs of pg_cron and large objects, and the rows of those tables of
 * the platform that are the user's. Of `public` the contents go and the schema stays, since who may use it is set on it. Nothing
 * that the platform owns is dropped.
 */
export function planClearing({ kind, entries, catalog, relations, occupied, largeObjects }: ClearRequest): Clearing {
  const isUsers = (schema: string): boolean => kind === 'plain' || !isManagedSchema(schema);
  const byId = new Map(entries.map((entry) => [String(entry.dumpId), entry]));
  const mayChangePolicies = ({ dependencies }: DumpEntry): boolean =>
    dependencies.some(
      (id) => relations.get(relationKey(byId.get(id)?.schema ?? '', byId.get(id)?.tag ?? ''))?.policies === true,
    );
  const isWebhook = ({ description, dependencies }: DumpEntry): boolean =>
    description === 'TRIGGER' && dependencies.some((id) => byId.get(id)?.schema === 'supabase_functions');
  const goes = (entry: DumpEntry): boolean => {
    const schema = schemaOf(entry);
    const description = entry.description ?? '';
    if (schema !== null && isUsers(schema)) return !(schema === 'public' && entry.schema === null);
    if (schema !== null && isWebhook(entry)) return true;
    if (schema !== null) return description === 'POLICY' && withUsersPolicies.has(schema) && mayChangePolicies(entry);
    if (kind === 'plain') return topOfSuperuser.has(description);
    const all = kind === 'hosted' ? top : topOfSuperuser;
    return all.has(description) && !isPlatformOwner(entry.owner ?? '') && entry.tag !== 'supabase_realtime';
  };
  const going = entries.filter(goes);
  const withThem = goingAlong(entries, going);
  const alongOnPlatform = entries.filter(
    (entry) => withThem.has(entry) && !isUsers(schemaOf(entry) ?? 'public') && !untold.has(entry.description ?? ''),
  );
  const schemas = going.filter(({ description }) => description === 'SCHEMA').map(({ tag }) => tag!);
  const inPublic = going
    .filter(({ schema, description }) => schema === 'public' && droppable.test(description ?? ''))
    .toReversed();
  const policies = going.filter((entry) => entry.description === 'POLICY' && !isUsers(entry.schema!));
  const webhooks = going.filter((entry) => entry.schema !== null && !isUsers(entry.schema) && isWebhook(entry));
  const inNoSchema = going
    .filter(({ description }) => topOfSuperuser.has(description ?? ''))
    // An event trigger may keep others from being dropped.
    .toSorted((a, b) => Number(b.description === 'EVENT TRIGGER') - Number(a.description === 'EVENT TRIGGER'));
  const gone = new Set(schemas);
  const jobs = clearJobs(catalog, kind);
  const goneJobs = new Set(jobs.map(({ name }) => name));
  return {
    statements: [
      ...jobs.map(({ statement }) => statement),
      ...webhooks.flatMap((entry) => dropStatement(entry).map((drop) => tolerateFailure(describeEntry(entry), drop))),
      ...[...inNoSchema, ...policies, ...inPublic].flatMap(dropStatement),
      ...schemas.map((schema) => `DROP SCHEMA ${quoteIdentifier(schema)} CASCADE;`),
      ...occupied.map(deleteRows),
      ...(largeObjects === 0 ? [] : ['SELECT pg_catalog.lo_unlink(oid) FROM pg_catalog.pg_largeobject_metadata;']),
    ],
    what: [
      ...schemas.map((schema) => `schema ${schema} with all that is in it${countTables(going, schema)}`),
      ...(inPublic.length === 0 ? [] : [`everything in schema public${countTables(going, 'public')}`]),
      ...inNoSchema.map(({ description, tag }) => `${(description ?? '').toLowerCase()} ${tag}`),
      ...jobs.map(({ name }) => `cron job ${name}`),
      ...alongOnPlatform.map(describeEntry),
      ...occupied.map(({ schema, name }) => `the rows of ${schema}.${name}`),
      ...(largeObjects === 0 ? [] : [`${largeObjects} large objects`]),
    ],
    owners: [
      ...new Set([
        ...going.map(({ owner }) => owner ?? '').filter((owner) => owner !== ''),
        ...recordsOf(indexCatalog(catalog), 'large objects', largeObjectsSchema).map(({ value }) => value.owner),
      ]),
    ],
    remains: (entry) => !withThem.has(entry),
    remainsRecord: ({ class: className, schema, name }) =>
      schema === null
        ? !(['owner', 'privileges'].includes(className) && recordsOfTop.test(name)) &&
          !(className === 'cron job' && goneJobs.has(name))
        : !gone.has(schema) && (schema !== 'public' || className === 'default privileges' || isOfSchema(className, name)),
  };
}

/** The platform itself has no policies there that could not be told from the user's: it has none at all. */
const withUsersPolicies = new Set(['auth', 'storage', 'realtime']);
const top = new Set(['EVENT TRIGGER', 'PUBLICATION', 'SERVER', 'FOREIGN DATA WRAPPER']);
/** Those of a platform come with extensions. */
const topOfSuperuser = new Set([...top, 'CAST', 'TRANSFORM', 'ACCESS METHOD', 'PROCEDURAL LANGUAGE']);
const recordsOfTop = /^(publication|event trigger|server|foreign server|foreign-data wrapper|language) /;
/** Nobody misses them beside what they are on. */
const untold = new Set(['ACL', 'COMMENT', 'SECURITY LABEL', 'DEFAULT ACL']);

/** Of `public` itself, which stays. */
function isOfSchema(className: string, name: string): boolean {
  return className === 'schema' || name.endsWith('schema public');
}

/** DROP ... CASCADE takes what depends on it along, wherever that is: a trigger on auth.users that calls a function of the user's. */
function goingAlong(entries: readonly DumpEntry[], going: readonly DumpEntry[]): Set<DumpEntry> {
  const servers = going.filter(({ description }) => description === 'SERVER').map(({ tag }) => ` SERVER ${tag}`);
  // pg_dump ties a user mapping to its server by nothing but its name.
  const mappings = entries.filter(
    ({ description, tag }) => description === 'USER MAPPING' && servers.some((server) => tag?.endsWith(server) === true),
  );
  // By themselves, not by their ids: those that stand for what the role may not read have none.
  const gone = new Set([...going, ...mappings]);
  for (let size = -1; size !== gone.size;) {
    size = gone.size;
    const ids = new Set([...gone].map(({ dumpId }) => String(dumpId)));
    for (const entry of entries) if (entry.dependencies.some((id) => ids.has(id))) gone.add(entry);
  }
  return gone;
}

export function deleteRows({ schema, name }: TableName): string {
  return `DELETE FROM ONLY ${quoteIdentifier(schema)}.${quoteIdentifier(name)};`;
}

function countTables(entries: readonly DumpEntry[], schema: string): string {
  const tables = entries.filter((entry) => entry.description === 'TABLE' && entry.schema === schema).length;
  return tables === 0 ? '' : ` (${tables} tables)`;
}

/** What has a DROP of its own; all else goes with it. */
const droppable =
  /^(AGGREGATE|COLLATION|CONVERSION|DOMAIN|FOREIGN TABLE|FUNCTION|MATERIALIZED VIEW|OPERATOR|OPERATOR CLASS|OPERATOR FAMILY|PROCEDURE|SEQUENCE|STATISTICS|TABLE|TEXT SEARCH .*|TYPE|VIEW)$/;

/** pg_dump tells how to drop it; it may be gone already with what it depended on. */
function dropStatement({ dropStatement: drop }: DumpEntry): string[] {
  const match =
    /^DROP (ACCESS METHOD|EVENT TRIGGER|FOREIGN DATA WRAPPER|FOREIGN TABLE|MATERIALIZED VIEW|OPERATOR CLASS|OPERATOR FAMILY|PROCEDURAL LANGUAGE|TEXT SEARCH \w+|\w+) ([^]*);\n$/.exec(
      drop ?? '',
    );
  // Of a base type it says CASCADE by itself.
  return match === null ? [] : [`DROP ${match[1]} IF EXISTS ${match[2]!.replace(/ CASCADE$/, '')} CASCADE;`];
}
