import type { ConnectionConfig } from '../config/project-config.ts';
import type { PostgresPrograms, RunContext, Session } from '../context.ts';
import { parseDumpHead, type DumpEntry } from '../domain/dump-head.ts';
import { connectionString, quoteIdentifier } from '../domain/sql.ts';
import { AppError } from '../errors.ts';

interface Unreadable {
  readonly schema: string;
  /** Null for a schema as a whole. */
  readonly name: string | null;
}

export interface DefinitionsRequest {
  readonly connection: ConnectionConfig;
  readonly database: string;
  readonly encoding: string;
  readonly programs: PostgresPrograms;
  readonly environment: Readonly<Record<string, string>>;
}

/**
 * Everything that the target has, in the words in which the backup's dump has it: the table of contents of a dump of its
 * definitions. So whether something is there already is a matter of comparing two lists, without any list of names.
 * Relations that the role may not read cannot be dumped; they come as entries without a definition.
 * Throws AppError target_unreachable when the target cannot be dumped.
 */
export async function readDefinitions(
  context: RunContext,
  session: Session,
  request: DefinitionsRequest,
): Promise<DumpEntry[]> {
  const unreadable = await session.query<Unreadable>(unreadableQuery);
  const dumping = context.commands.start({
    file: request.programs.pgDump,
    args: [
      '--format=custom',
      '--compress=0',
      '--schema-only',
      // In which the backup's dump is read, too.
      ...(request.encoding === 'SQL_ASCII' ? [] : ['--encoding=UTF8']),
      ...unreadable.map(exclude),
      `--dbname=${connectionString(request.database)}`,
    ],
    env: request.environment,
    stdout: 'pipe',
  });
  const chunks: Buffer[] = [];
  for await (const chunk of dumping.stdout as AsyncIterable<Buffer>) chunks.push(chunk);
  const result = await dumping.finished;
  context.signal.throwIfAborted();
  if (result.exitCode !== 0) {
    throw new AppError(
      'target_unreachable',
      `The definitions of the target cannot be read: ${result.stderr.trim().split('\n').at(-1)}`,
      {
        hint: 'Nothing was touched. The role of the target has to have USAGE on its schemas and SELECT on its tables.',
        cause: result,
      },
    );
  }
  return parseDumpHead(Buffer.concat(chunks)).head.entries.concat(unreadable.flatMap(placeholders));
}

/** pg_dump locks every table it dumps, and fails as a whole on the first that it may not read. */
const unreadableQuery = `
  WITH namespaces AS (
    SELECT oid, nspname FROM pg_catalog.pg_namespace WHERE nspname !~ '^pg_' AND nspname <> 'information_schema'
  )
  SELECT nspname AS schema, NULL AS name FROM namespaces WHERE NOT pg_catalog.has_schema_privilege(oid, 'USAGE')
  UNION ALL
  SELECT n.nspname, c.relname FROM pg_catalog.pg_class c JOIN namespaces n ON n.oid = c.relnamespace
   WHERE c.relkind IN ('r', 'p', 'S') AND pg_catalog.has_schema_privilege(n.oid, 'USAGE')
     AND NOT CASE c.relkind WHEN 'S' THEN pg_catalog.has_sequence_privilege(c.oid, 'SELECT')
                            ELSE pg_catalog.has_table_privilege(c.oid, 'SELECT') END`;

/** Between double quotes a pattern of pg_dump stands for itself. */
function exclude({ schema, name }: Unreadable): string {
  return name === null
    ? `--exclude-schema=${quoteIdentifier(schema)}`
    : `--exclude-table=${quoteIdentifier(schema)}.${quoteIdentifier(name)}`;
}

function placeholders({ schema, name }: Unreadable): DumpEntry[] {
  const base = { ...emptyEntry, schema };
  if (name === null) return [{ ...base, description: 'SCHEMA', schema: null, tag: schema }];
  return ['TABLE', 'SEQUENCE'].map((description) => ({ ...base, description, tag: name }));
}

const emptyEntry: DumpEntry = {
  dumpId: 0,
  hasData: false,
  catalogOid: '0',
  oid: '0',
  tag: null,
  description: null,
  section: 0,
  definition: null,
  dropStatement: null,
  copyStatement: null,
  schema: null,
  tablespace: null,
  accessMethod: null,
  relationKind: 0,
  owner: null,
  withOids: null,
  dependencies: [],
  offset: Buffer.alloc(0),
};
