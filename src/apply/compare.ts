import { readCatalog } from '../catalog/read-catalog.ts';
import { countTable, guardFailures, undoFailure } from '../catalog/count-rows.ts';
import { hashContent } from '../catalog/content.ts';
import { contentSettings } from '../catalog/content-settings.ts';
import type { ConnectionConfig } from '../config/project-config.ts';
import type { RunContext, Snapshot } from '../context.ts';
import type { CatalogRecord } from '../domain/catalog.ts';
import { compareCatalogs, type ClassCounts, type JudgedDifference } from '../domain/comparison.ts';
import type { Manifest, TableRecord } from '../domain/manifest.ts';
import { isManagedSchema, isPlatformData } from '../domain/platform.ts';
import { listPrivilegeLeaks } from '../domain/privilege-leaks.ts';
import { indexCatalog } from '../domain/catalog-index.ts';
import { majorOfVersion, tellAsNewer } from '../domain/newer-server.ts';
import { chooseSearchPath } from '../domain/search-path.ts';
import { relationKey, type TargetKind } from '../domain/selection.ts';
import { messageOf } from '../errors.ts';
import { schemasWithUsersRows } from './target-contents.ts';

export interface Difference {
  /** "table public.notes", "large objects". */
  readonly what: string;
  readonly expected: number;
  /** Null when it is not there at all. */
  readonly found: number | null;
}

export interface Comparison {
  readonly tables: number;
  readonly rows: number;
  /** Of how many tables the content was compared, not only the number of rows. */
  readonly contents: number;
  /** Numbers of rows and large objects that are not those of the backup, and contents. */
  readonly differences: readonly Difference[];
  /** Tables with as many rows, but others than in the backup. */
  readonly changedContents: readonly string[];
  /** Tables and sequences that the role of the target does not see all of, and why: whether they are equal is not known. */
  readonly uncompared: readonly string[];
  /** How many definitions, owners, privileges and so on are equal; undefined for a backup that captured no catalog. */
  readonly classes: readonly ClassCounts[] | undefined;
  readonly catalog: readonly JudgedDifference[];
  /** Rights on the target that the backup does not give. */
  readonly privilegeLeaks: readonly string[];
}

export interface CompareRequest {
  readonly connection: ConnectionConfig;
  readonly manifest: Manifest;
  readonly catalog: readonly CatalogRecord[] | undefined;
  readonly kind: TargetKind;
  /** Whether a table is looked at, and a record of the catalog: a restore of a part is compared with that part. */
  readonly includes: (schema: string | null, name: string, className: string) => boolean;
}

/**
 * Compares a database with a backup: rows, large objects, and everything that the catalog tells. Rows of materialized views are left
 * out: a restore refreshes them, so they may rightly hold others than the source's, which could be stale.
 */
export async function compareWithBackup(context: RunContext, request: CompareRequest): Promise<Comparison> {
  const snapshot = await context.databases.openSnapshot(request.connection);
  try {
    const tables = request.manifest.tables.filter((table) => isComparable(table, request));
    // Bounds of partitions are told in the session's time zone, too.
    await snapshot.query(contentSettings);
    const catalogs = await compareDefinitions(snapshot, request);
    const searchPath = chooseSearchPath(indexCatalog(request.catalog ?? []));
    await snapshot.query("SELECT pg_catalog.set_config('search_path', $1, false)", [searchPath]);
    const found = await compareRows(context, snapshot, { tables, kind: request.kind });
    const largeObjects = await countLargeObjects(snapshot);
    const expected = request.manifest.largeObjects.count;
    const compared = request.includes(null, 'large objects', 'large objects') && largeObjects !== expected;
    return {
      tables: tables.length,
      rows: tables.reduce((sum, table) => sum + table.rows!, 0),
      ...found,
      differences: [...found.differences, ...(compared ? [{ what: 'large objects', expected, found: largeObjects }] : [])],
      ...catalogs,
      uncompared: [...found.uncompared, ...catalogs.uncompared],
    };
  } finally {
    await snapshot.close();
  }
}

async function compareDefinitions(
  snapshot: Snapshot,
  { catalog, manifest, kind, includes }: CompareRequest,
): Promise<Pick<Comparison, 'classes' | 'catalog' | 'privilegeLeaks' | 'uncompared'>> {
  if (catalog === undefined) return { classes: undefined, catalog: [], privilegeLeaks: [], uncompared: [] };
  const wanted = ({ schema, name, class: className }: CatalogRecord): boolean => includes(schema, name, className);
  const [server] = await snapshot.query<{ version: string }>(
    "SELECT pg_catalog.current_setting('server_version_num') AS version",
  );
  const found = await readCatalog(snapshot);
  const [source, target] = [manifest.server.versionNumber, Number(server!.version)].map(majorOfVersion) as [number, number];
  const captured = tellAsNewer(catalog, { source, target, found });
  const { classes, differences, unread } = compareCatalogs(captured, found, { kind, includes: wanted });
  const uncompared = unread.map((name) => `value of sequence ${name} (the role may not read it)`);
  return { classes, catalog: differences, privilegeLeaks: listPrivilegeLeaks(differences), uncompared };
}

/** Rows that are the platform's own are none of the backup's. */
function isComparable({ kind, rows, schema, name }: TableRecord, request: CompareRequest): boolean {
  if (kind !== 'table' || rows === null || !request.includes(schema, name, 'rows')) return false;
  return request.kind === 'plain' || !isPlatformData(schema, name);
}

async function compareRows(
  context: RunContext,
  snapshot: Snapshot,
  { tables, kind }: Pick<CompareRequest, 'kind'> & { readonly tables: readonly TableRecord[] },
): Promise<Pick<Comparison, 'contents' | 'differences' | 'changedContents' | 'uncompared'>> {
  const existing = await listTables(snapshot);
  await snapshot.query(guardFailures);
  const differences: Difference[] = [];
  const changedContents: string[] = [];
  const uncompared: string[] = [];
  let contents = 0;
  for (const [index, table] of tables.entries()) {
    context.progress.step(`Comparing table ${index + 1} of ${tables.length}`);
    const what = `table ${table.schema}.${table.name}`;
    const there = existing.get(relationKey(table.schema, table.name));
    if (there !== undefined && there.hidden !== null) {
      uncompared.push(`${what} (${there.hidden})`);
      continue;
    }
    const compared = await compareTable(snapshot, table, there);
    if ('failure' in compared) {
      uncompared.push(`${what} (${compared.failure})`);
      continue;
    }
    const { found, hash } = compared;
    // A table of the platform that held nothing: it may not have it there, or have rows of its own, which a restore leaves alone.
    if (table.rows === 0 && isManagedSchema(table.schema) && (found === null || isLeftAlone(table, kind))) continue;
    if (found !== table.rows) differences.push({ what, expected: table.rows!, found });
    else if (hash !== undefined) {
      contents += 1;
      if (hash !== table.contentHash) changedContents.push(what);
    } else if (table.rows! > 0) {
      const lacking = (table.contentColumns ?? []).filter((column) => there?.columns.has(column) !== true);
      if (lacking.length > 0) uncompared.push(`${what} (it does not have the columns ${lacking.join(', ')})`);
    }
  }
  return { contents, differences, changedContents, uncompared };
}

function isLeftAlone({ schema }: TableRecord, kind: TargetKind): boolean {
  return kind !== 'plain' && !schemasWithUsersRows.has(schema);
}

/** How many rows there are (null: no table), and the hash of their content where the backup has one of the same columns. */
async function compareTable(
  snapshot: Snapshot,
  table: TableRecord,
  there: ExistingTable | undefined,
): Promise<{ readonly found: number | null; readonly hash?: string } | { readonly failure: string }> {
  if (there === undefined) return { found: null };
  try {
    const found = await countTable(snapshot, table);
    const isHashed = table.contentHash !== undefined && table.contentColumns!.every((column) => there.columns.has(column));
    if (found !== table.rows || !isHashed) return { found };
    const { hash } = await hashContent(snapshot, table, table.contentColumns);
    return { found, hash };
  } catch (error) {
    await undoFailure(snapshot);
    return { failure: messageOf(error) };
  }
}

interface ExistingTable {
  readonly columns: ReadonlySet<string>;
  /** Why the role does not see all of its rows; null when it does. */
  readonly hidden: string | null;
}

async function listTables(session: Pick<Snapshot, 'query'>): Promise<Map<string, ExistingTable>> {
  const rows = await session.query<{ schema: string; name: string; columns: string[]; hidden: string | null }>(`
    SELECT n.nspname AS schema, c.relname AS name,
           ARRAY(SELECT a.attname::text FROM pg_catalog.pg_attribute a WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped) AS columns,
           CASE WHEN NOT (pg_catalog.has_schema_privilege(n.oid, 'USAGE') AND pg_catalog.has_table_privilege(c.oid, 'SELECT'))
                  THEN current_user || ' may not read it'
                WHEN pg_catalog.row_security_active(c.oid) THEN 'row-level security hides rows from ' || current_user END AS hidden
      FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
     WHERE c.relkind = 'r'`);
  return new Map(rows.map((row) => [relationKey(row.schema, row.name), { columns: new Set(row.columns), hidden: row.hidden }]));
}

async function countLargeObjects(session: Pick<Snapshot, 'query'>): Promise<number> {
  const [row] = await session.query<{ count: string }>(
    'SELECT pg_catalog.count(*)::text AS count FROM pg_catalog.pg_largeobject_metadata',
  );
  return Number(row!.count);
}
