import { createHash } from 'node:crypto';
import { readManifest } from '../archive/verify.ts';
import { joinSnapshot } from '../capture/joined-snapshot.ts';
import { captureMigrationDrift, type DriftRequest, type MigrationDrift } from '../capture/migration-drift.ts';
import { readMigrations } from '../capture/migrations.ts';
import type { Source } from '../capture/source.ts';
import type { PartSource, RunContext } from '../context.ts';
import { parseBackupId } from '../domain/archive-name.ts';
import { isDefinition } from '../domain/catalog-changes.ts';
import type { Coverage } from '../domain/coverage.ts';
import { archivePaths, type ManifestDrift } from '../domain/manifest.ts';
import type { Migration } from '../domain/migration.ts';
import { messageOf } from '../errors.ts';
import { requireDatabase } from './configured-database.ts';
import type { PreviousBackup } from './previous-backup.ts';

export interface DriftOutcome {
  readonly manifest: ManifestDrift | undefined;
  readonly coverage: Coverage;
}

/** The comparison of the schema with the migrations, which goes on beside the dumps. */
export interface DriftWork {
  /** Waits for the comparison; undefined where there is nothing to compare. */
  readonly part: PartSource | undefined;
  /** Never rejects. */
  readonly outcome: Promise<DriftOutcome>;
  /** Ends it, and all that it has started. */
  stop(): Promise<void>;
}

export interface DriftWorkRequest extends Omit<DriftRequest, 'source' | 'timeLimitMs'> {
  readonly source: Source;
  readonly backupId: string;
  readonly previous: PreviousBackup | undefined;
}

const component = 'migration drift';
/** A backup waits no longer for it: dumps of small databases take seconds. */
const timeLimitMs = 180_000;
/** An outcome is used again for so long: what this machine has installed may have changed. */
const validForMs = 7 * 24 * 3_600_000;

/**
 * Compares the schema with the project's migrations. While neither has changed since the previous backup, its outcome stands. That
 * is read from the repository here, before Borg begins to write; the comparison itself goes on after this has come back.
 */
export async function startMigrationDrift(context: RunContext, request: DriftWorkRequest): Promise<DriftWork> {
  if (context.config.migrationDrift === 'off') return nothing('not configured', 'MIGRATION_DRIFT is off');
  const migrations = await readMigrations(request.snapshot);
  if (migrations === undefined) return nothing('not configured', 'there are no migrations with statements');
  if (migrations === 'not readable') return nothing('not supported', 'the migrations may not be read by this role');
  const basis = hashBasis(context, request, migrations);
  const earlier = await findEarlier(context, request.previous, basis);
  if (earlier !== undefined) return { ...describeWork(Promise.resolve(earlier)), stop: () => Promise.resolve() };
  const stopping = new AbortController();
  const comparing = compare(context, request, { migrations, basis, signal: stopping.signal });
  const work = describeWork(comparing);
  const stop = async (): Promise<void> => {
    stopping.abort();
    await comparing;
  };
  return { ...work, stop };
}

function nothing(state: Coverage['state'], detail: string): DriftWork {
  const outcome = Promise.resolve({ manifest: undefined, coverage: { component, state, detail } });
  return { part: undefined, outcome, stop: () => Promise.resolve() };
}

/** Everything that the outcome depends on. */
function hashBasis(
  { agentVersion }: RunContext,
  { programs, source }: DriftWorkRequest,
  migrations: readonly Migration[],
): string {
  const { versionNumber, encoding } = source.server;
  const hash = createHash('sha256').update(
    JSON.stringify([agentVersion, programs.version, versionNumber, encoding, migrations]),
  );
  for (const record of source.catalog.filter(isDefinition)) hash.update(`${JSON.stringify(record)}\n`);
  return hash.digest('hex');
}

interface Comparison {
  readonly record: ManifestDrift;
  readonly sql: string;
  /** Whether it was made for an earlier backup. */
  readonly earlier: boolean;
}

/** One Borg after the other: of two that read at once, the second may wait for a tenth of --lock-wait before it looks again. */
async function findEarlier(
  context: RunContext,
  previous: PreviousBackup | undefined,
  basis: string,
): Promise<Comparison | undefined> {
  if (previous === undefined) return undefined;
  try {
    const { migrationDrift: record } = await readManifest(context, previous.archive);
    if (record === undefined || !isValid(record, basis, context.clock.now())) return undefined;
    if (record.state === 'none') return { record, sql: '', earlier: true };
    const sql = await context.repository.readText(previous.archive, archivePaths.migrationDrift);
    return sql === undefined ? undefined : { record, sql, earlier: true };
  } catch {
    // Then they are compared anew.
    context.signal.throwIfAborted();
    return undefined;
  }
}

function isValid({ basis, state, comparedIn }: ManifestDrift, wanted: string, now: Date): boolean {
  if (basis !== wanted || state === 'not possible') return false;
  const comparedAt = parseBackupId(comparedIn)?.startedAt.getTime() ?? 0;
  return Math.abs(now.getTime() - comparedAt) <= validForMs;
}

/** Never rejects: what is in the way of a comparison is its outcome, and a backup is as good without one. */
async function compare(
  context: RunContext,
  request: DriftWorkRequest,
  facts: { readonly migrations: readonly Migration[]; readonly basis: string; readonly signal: AbortSignal },
): Promise<Comparison> {
  const startedMs = context.clock.monotonicMs();
  const { sql, ...found } = await attempt(context, request, facts.signal).catch((error: unknown): MigrationDrift => {
    if (!context.signal.aborted && !facts.signal.aborted) {
      context.log.error({ stage: 'migration drift', err: error }, 'the migrations could not be compared');
    }
    return { state: 'not possible', detail: messageOf(error), migrations: facts.migrations.length, sql: '' };
  });
  const durationMs = Math.round(context.clock.monotonicMs() - startedMs);
  context.log.info({ stage: 'migration drift', state: found.state, durationMs }, 'migrations compared');
  return { record: { ...found, basis: facts.basis, comparedIn: request.backupId }, sql, earlier: false };
}

async function attempt(context: RunContext, request: DriftWorkRequest, stopping: AbortSignal): Promise<MigrationDrift> {
  const signal = AbortSignal.any([context.signal, stopping]);
  // The rows are being counted in the other one.
  const snapshot = await joinSnapshot(context.databases, requireDatabase(context.config), request.snapshot.id);
  try {
    const drift = await captureMigrationDrift({ ...context, signal }, { ...request, snapshot, timeLimitMs });
    return drift ?? { state: 'not possible', detail: 'there are no migrations', migrations: 0, sql: '' };
  } finally {
    await snapshot.close();
  }
}

function describeWork(comparing: Promise<Comparison>): Omit<DriftWork, 'stop'> {
  return {
    part: { path: archivePaths.migrationDrift, text: async () => writeSql(await comparing) },
    outcome: comparing.then((comparison) => ({ manifest: comparison.record, coverage: describeCoverage(comparison) })),
  };
}

/** The part has to be there once it was announced to Borg, so it says as well that there is nothing. */
function writeSql({ record, sql }: Comparison): string {
  if (sql !== '') return sql;
  const text = record.state === 'none' ? 'No difference' : 'The schema could not be compared with the migrations';
  return `${`${text}: ${record.detail}`.replaceAll(/^/gm, '-- ')}\n`;
}

const coverageStates = { drift: 'captured', none: 'empty', 'not possible': 'not supported' } as const;

function describeCoverage({ record, earlier }: Comparison): Coverage {
  const note = `; as compared in ${record.comparedIn}: neither schema nor migrations have changed since`;
  return { component, state: coverageStates[record.state], detail: `${record.detail}${earlier ? note : ''}` };
}
