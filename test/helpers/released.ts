import { createHash } from 'node:crypto';

/** What must come out of the backups that a released version has made: a file beside them, test/fixtures/releases/VERSION.json. */
export interface ReleasedBackups {
  readonly agentVersion: string;
  readonly madeWith: { readonly borg: string; readonly postgres: string };
  /** Of the repository. It holds nothing but made-up data. */
  readonly passphrase: string;
  /** The name of the project, the id of its backup, and what was in the database when that was made. */
  readonly database: { readonly project: string; readonly backupId: string; readonly contents: DatabaseContents };
  /** What was in its Storage, in the other archive of the same backup. */
  readonly objects: readonly ReleasedObject[];
  /** A project that is its Storage alone, in the same repository. */
  readonly storageAlone: { readonly project: string; readonly backupId: string; readonly objects: readonly ReleasedObject[] };
}

export interface ReleasedObject {
  readonly bucket: string;
  readonly name: string;
  readonly bytes: number;
  readonly sha256: string;
}

export interface DatabaseContents {
  /** By schema and name. The checksum is of all rows as text, in the order of these texts. */
  readonly tables: Readonly<Record<string, { readonly rows: number; readonly md5: string | null }>>;
  /** Everything else that a restore has to bring back: its kind, its name and what tells one from another. */
  readonly definitions: readonly string[];
}

export type Query = <Row extends object>(sql: string) => Promise<Row[]>;

export function describeObject(bucket: string, name: string, bytes: Buffer): ReleasedObject {
  return { bucket, name, bytes: bytes.length, sha256: createHash('sha256').update(bytes).digest('hex') };
}

/** Reads what a database holds, in texts that are the same on every server and in every session. */
export async function describeDatabase(query: Query): Promise<DatabaseContents> {
  await query("SET TimeZone = 'UTC'; SET DateStyle = 'ISO'; SET IntervalStyle = 'postgres'; SET extra_float_digits = 1");
  const tables: Record<string, { rows: number; md5: string | null }> = {};
  for (const { name, text } of await query<{ name: string; text: string }>(tablesQuery)) {
    const [contents] = await query<{ rows: number; md5: string | null }>(
      `SELECT count(*)::int AS rows, md5(string_agg(t::text, E'\\n' ORDER BY t::text COLLATE "C")) AS md5 FROM ${name} AS t`,
    );
    tables[text] = contents!;
  }
  const definitions = await query<{ line: string }>(definitionsQuery);
  return { tables, definitions: definitions.map(({ line }) => line) };
}

const ours = String.raw`NOT (nspname ~ '^pg_' OR nspname = 'information_schema')`;

const tablesQuery = `
  SELECT c.oid::regclass::text AS name, nspname || '.' || relname AS text
    FROM pg_class c JOIN pg_namespace n ON n.oid = relnamespace
   WHERE relkind IN ('r', 'm') AND relispopulated AND ${ours} ORDER BY (nspname || '.' || relname) COLLATE "C"`;

/** Without what the extensions bring, and without texts that PostgreSQL puts in another way from version to version. */
const definitionsQuery = `
  WITH named AS (
    SELECT nspname || '.' || relname AS name, c.* FROM pg_class c JOIN pg_namespace n ON n.oid = relnamespace WHERE ${ours}
  ), lines AS (
    SELECT 'partition ' || name || ' ' || pg_get_expr(relpartbound, oid) AS line FROM named WHERE relispartition AND relkind = 'r'
    UNION ALL SELECT CASE relkind WHEN 'v' THEN 'view ' WHEN 'm' THEN 'materialized view ' END || name FROM named WHERE relkind IN ('v', 'm')
    UNION ALL SELECT 'row security of ' || name || CASE WHEN relforcerowsecurity THEN ', forced' ELSE '' END FROM named WHERE relrowsecurity
    UNION ALL SELECT 'owner of ' || name || ' ' || relowner::regrole FROM named WHERE relkind IN ('r', 'p', 'v', 'm')
    UNION ALL SELECT 'index ' || schemaname || '.' || indexname FROM pg_indexes WHERE schemaname !~ '^pg_'
    UNION ALL SELECT 'sequence ' || schemaname || '.' || sequencename || ' at ' || coalesce(last_value::text, 'its start')
                FROM pg_sequences WHERE schemaname !~ '^pg_'
    UNION ALL SELECT 'policy ' || policyname || ' on ' || schemaname || '.' || tablename || ' for ' || cmd || ' to ' || roles::text
                FROM pg_policies
    UNION ALL SELECT 'function ' || oid::regprocedure || ' ' || md5(prosrc) FROM pg_proc p
               WHERE pronamespace::regnamespace::text !~ '^(pg_|information_schema)'
                 AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.objid = p.oid AND deptype = 'e')
    UNION ALL SELECT 'trigger ' || tgname || ' on ' || tgrelid::regclass FROM pg_trigger WHERE NOT tgisinternal
    UNION ALL SELECT 'event trigger ' || evtname FROM pg_event_trigger
    UNION ALL SELECT 'constraint ' || conname || ' of ' || conrelid::regclass FROM pg_constraint WHERE conrelid <> 0 AND contype <> 'n'
    UNION ALL SELECT 'extension ' || extname || ' in ' || extnamespace::regnamespace FROM pg_extension
    UNION ALL SELECT 'enum ' || enumtypid::regtype || ' ' || string_agg(enumlabel, ', ' ORDER BY enumsortorder) FROM pg_enum GROUP BY enumtypid
    UNION ALL SELECT 'publication ' || pubname || ' of ' || schemaname || '.' || tablename FROM pg_publication_tables
    UNION ALL SELECT 'large object ' || m.oid || ' ' || md5(lo_get(m.oid)) FROM pg_largeobject_metadata m
    UNION ALL SELECT 'right of ' || grantee || ' to ' || privilege_type || ' ' || table_schema || '.' || table_name
                FROM information_schema.table_privileges
               WHERE table_schema !~ '^(pg_|information_schema)' AND grantee IN ('anon', 'app_reader', 'PUBLIC')
  )
  SELECT line FROM lines ORDER BY line COLLATE "C"`;
