import type { RunContext, ScratchServer, PostgresPrograms, Snapshot } from '../context.ts';
import { compareDefinitions, type DefinitionChange } from '../domain/definition-changes.ts';
import { isCompared, isLoadable, selectBasis, type Definition } from '../domain/drift-selection.ts';
import { formatDrift } from '../domain/drift-text.ts';
import type { Migration } from '../domain/migration.ts';
import { majorOfVersion } from '../domain/newer-server.ts';
import { quoteIdentifier } from '../domain/sql.ts';
import { AppError, messageOf } from '../errors.ts';
import { dumpDefinitions, loadDefinitions } from './definitions.ts';
import { findStatements } from './drift-statements.ts';
import { exclusions } from './dumps.ts';
import { readMigrations, readSearchPath } from './migrations.ts';
import { replayMigrations } from './replay.ts';
import { prepareDatabases, type ScratchDatabases } from './scratch-databases.ts';
import type { Source } from './source.ts';

export interface MigrationDrift {
  readonly state: 'none' | 'drift' | 'not possible';
  /** A sentence or several for people: why it is not possible, or what differs; and what was not looked at. */
  readonly detail: string;
  readonly migrations: number;
  /** The difference; empty unless the state is drift. Never a password. */
  readonly sql: string;
}

export interface DriftRequest {
  readonly snapshot: Snapshot;
  readonly source: Pick<Source, 'server' | 'extensions' | 'roles' | 'relations'>;
  readonly programs: PostgresPrograms;
  /** From `clientEnvironment`, to the source. */
  readonly environment: Readonly<Record<string, string>>;
  /** The run's own. */
  readonly directory: string;
  /** Ten minutes, unless given. */
  readonly timeLimitMs?: number;
}

type DriftContext = Pick<RunContext, 'commands' | 'databases' | 'signal'>;

const tenMinutesMs = 600_000;

/**
 * Replays the project's migrations on a scratch server and compares what they make with the schema as it is in the snapshot.
 * Undefined where the project has no migrations with statements. Whatever is in the way is told in the answer: it throws when the
 * run is aborted, and nothing else but defects. The source is asked for its definitions once; it is not written to.
 */
export async function captureMigrationDrift(context: DriftContext, request: DriftRequest): Promise<MigrationDrift | undefined> {
  const migrations = await readMigrations(request.snapshot);
  if (migrations === undefined) return undefined;
  if (migrations === 'not readable') return impossible(0, 'the table of the migrations may not be read by this role');
  const limit = AbortSignal.timeout(request.timeLimitMs ?? tenMinutesMs);
  const signal = AbortSignal.any([context.signal, limit]);
  try {
    return await onScratchServer(context, request, signal, (server) =>
      compare({ ...context, signal }, request, { server, migrations }),
    );
  } catch (error) {
    context.signal.throwIfAborted();
    if (limit.aborted) return impossible(migrations.length, 'it took longer than its time limit');
    if (error instanceof AppError) return impossible(migrations.length, messageOf(error));
    throw error;
  }
}

function impossible(migrations: number, detail: string): MigrationDrift {
  return { state: 'not possible', detail, migrations, sql: '' };
}

/** A server that stops when the signal is aborted ends every session, whatever that waits for. */
async function onScratchServer<Result>(
  { databases }: DriftContext,
  { source, directory }: DriftRequest,
  signal: AbortSignal,
  work: (server: ScratchServer) => Promise<Result>,
): Promise<Result> {
  const server = await databases.startScratchServer(majorOfVersion(source.server.versionNumber), directory);
  const stop = (): void => void server.close().catch(() => undefined);
  signal.addEventListener('abort', stop, { once: true });
  try {
    signal.throwIfAborted();
    return await work(server);
  } finally {
    signal.removeEventListener('abort', stop);
    await server.close();
  }
}

interface Comparison {
  readonly server: ScratchServer;
  readonly migrations: readonly Migration[];
}

/**
 * Three databases: the migrations' own, a copy of that, and a copy of the live one. Both copies have gone through a dump: PostgreSQL
 * writes some expressions differently once they have been read back (`IN (...)` on a varchar column).
 */
async function compare(context: DriftContext, request: DriftRequest, comparison: Comparison): Promise<MigrationDrift> {
  const { server, migrations } = comparison;
  const { databases, signal } = context;
  const searchPath = await readSearchPath(request.snapshot);
  const scratch = await prepareDatabases({ databases, server, source: request.source, searchPath, signal });
  try {
    const options = [`--snapshot=${request.snapshot.id}`, ...exclusions(request.source.relations.unreadable)];
    const original = await dumpDefinitions({ ...context, ...request, options });
    await loadInto(scratch, { name: 'migrated', definitions: selectBasis(original) }, signal);
    const replay = await inDatabase(scratch, 'migrated', (session) => replayMigrations(session, migrations, signal));
    const notes = describeNotes(request, { migrations, leftOut: replay.leftOut, missing: scratch.missingExtensions });
    if (replay.failure !== undefined) {
      return impossible(migrations.length, [`migration ${replay.failure}`, ...notes].join('; '));
    }
    await dropUnreadable(scratch, request);
    const migrated = await dumpScratch(context, request, scratch.connectionTo('migrated'));
    await loadInto(scratch, { name: 'expected', definitions: migrated.filter(isLoadable) }, signal);
    const failed = await loadInto(scratch, { name: 'live', definitions: original.filter(isLoadable) }, signal);
    const lost = failed.filter(({ definition }) => isCompared(definition) && definition.description !== 'SCHEMA');
    if (lost.length > 0)
      notes.push(`not looked at, since a scratch server refused them: ${count(lost.length, 'definition')} (${lost[0]!.error})`);
    return await describeDrift(context, request, { scratch, notes, migrations: migrations.length });
  } finally {
    await scratch.close();
  }
}

async function loadInto(
  scratch: ScratchDatabases,
  { name, definitions }: { readonly name: string; readonly definitions: readonly Definition[] },
  signal: AbortSignal,
): ReturnType<typeof loadDefinitions> {
  await scratch.create(name);
  return inDatabase(scratch, name, (session) => loadDefinitions(session, definitions, signal));
}

async function inDatabase<Result>(
  scratch: ScratchDatabases,
  name: string,
  work: (session: Awaited<ReturnType<ScratchDatabases['connect']>>) => Promise<Result>,
): Promise<Result> {
  const session = await scratch.connect(name);
  try {
    return await work(session);
  } finally {
    await session.close();
  }
}

async function dumpScratch(
  context: DriftContext,
  request: DriftRequest,
  connection: ScratchServer['connection'],
): Promise<readonly Definition[]> {
  const environment = await context.databases.clientEnvironment(connection, request.directory);
  return dumpDefinitions({ ...context, programs: request.programs, environment, options: [] });
}

/** What the role may not read is missing from the live copy, and so must not be in the other. */
async function dropUnreadable(scratch: ScratchDatabases, { source }: DriftRequest): Promise<void> {
  await inDatabase(scratch, 'migrated', async (session) => {
    for (const { kind, schema, name } of source.relations.unreadable) {
      const identifier = [schema, ...(name === undefined ? [] : [name])].map(quoteIdentifier).join('.');
      await session.query(`DROP ${kind.toUpperCase()} IF EXISTS ${identifier} CASCADE`);
    }
  });
}

interface Prepared {
  readonly scratch: ScratchDatabases;
  readonly notes: readonly string[];
  readonly migrations: number;
}

async function describeDrift(context: DriftContext, request: DriftRequest, prepared: Prepared): Promise<MigrationDrift> {
  const { scratch, notes, migrations } = prepared;
  const difference = async (): Promise<DefinitionChange[]> => {
    const [expected, live] = await Promise.all(
      ['expected', 'live'].map((name) => dumpScratch(context, request, scratch.connectionTo(name))),
    );
    return compareDefinitions(expected!.filter(isCompared), live!.filter(isCompared));
  };
  const changes = await difference();
  const describe = (what: string): string => [what, ...notes].join('; ');
  if (changes.length === 0) {
    return { state: 'none', detail: describe(`${count(migrations, 'migration')} made this schema`), migrations, sql: '' };
  }
  const statements = await inDatabase(scratch, 'expected', (expected) =>
    inDatabase(scratch, 'live', (live) => findStatements(changes, { expected, live }, context.signal)),
  );
  const sql = formatDrift({ ...statements, remaining: await difference() });
  const detail = describe(`${count(changes.length, 'difference')} from what ${count(migrations, 'migration')} made`);
  return { state: 'drift', detail, migrations, sql };
}

function describeNotes(
  { source }: DriftRequest,
  { migrations, leftOut, missing }: { migrations: readonly Migration[]; leftOut: number; missing: readonly string[] },
): string[] {
  const empty = migrations.filter(({ statements }) => (statements ?? []).length === 0);
  const unreadable = source.relations.unreadable.map(({ schema, name }) => (name === undefined ? schema : `${schema}.${name}`));
  return [
    ...(empty.length === 0 ? [] : [`migrations without statements: ${empty.map(({ version }) => version).join(', ')}`]),
    ...(leftOut === 0
      ? []
      : [`left out, as only the platform allows them or has them already: ${count(leftOut, 'statement')}`]),
    ...(missing.length === 0 ? [] : [`extensions not on this machine: ${missing.join(', ')}`]),
    ...(unreadable.length === 0 ? [] : [`not readable, so not compared: ${unreadable.join(', ')}`]),
  ];
}

function count(howMany: number, what: string): string {
  return `${howMany.toLocaleString('en-US')} ${what}${howMany === 1 ? '' : 's'}`;
}
