import type { StateStore, RunRecord } from '../state-store.ts';
import { archiveKinds, parseArchiveName } from '../domain/archive-name.ts';
import type { RunStatus } from '../domain/exit-code.ts';
import { judgeHealth, type Health } from '../domain/health.ts';
import { parseMeasurements } from '../domain/metrics/measurements.ts';
import { findLateness, type LatenessSources } from './check-lateness.ts';
import { nameKilled } from './status.ts';

/** How a project stands, as far as a line can tell. */
export interface Standing {
  readonly health: Health;
  /** A sentence about a health that is not good, or about a first backup that is waited for. */
  readonly reason: string | undefined;
  /** The run that is going on right now. */
  readonly running: RunRecord | undefined;
  readonly lastComplete: RunRecord | undefined;
  /** Since the newest complete backup began. */
  readonly ageMs: number | undefined;
  readonly sizes: BackupSizes | undefined;
}

/** Of the newest archive of each kind, added up. */
export interface BackupSizes {
  readonly originalBytes: number;
  /** What they added to the repository: compressed, encrypted, and not there before. */
  readonly deduplicatedBytes: number;
}

export interface StandingSources extends Omit<LatenessSources, 'state'> {
  /** Undefined where this machine knows nothing of the project yet. */
  readonly state: StateStore | undefined;
}

/** The one that goes on is the newest: each begins by noting the end of those before it. Clocks may be set back. */
const searchedRuns = 20;
const endedStatuses: readonly RunStatus[] = ['complete', 'incomplete', 'failed'];

/** Asks neither repository nor database, only the state; writes nothing. Throws what the state throws. */
export function readStanding({ config, clock, state }: StandingSources): Standing {
  if (state === undefined) return unknownStanding;
  const running = findRunning(state);
  const lastEnded = (command: 'backup' | 'verify'): RunRecord | undefined => findLastEnded(state, command, running);
  const [lastBackup, lastVerify] = [lastEnded('backup'), lastEnded('verify')];
  const lastComplete = state.newestRun('backup', ['complete']);
  const lateness = findLateness({ config, clock, state });
  const health = judgeHealth({
    late: lateness.late,
    running: running !== undefined,
    hasComplete: lastComplete !== undefined,
    lastBackup: lastBackup?.status as RunStatus | undefined,
    lastVerify: lastVerify?.status as RunStatus | undefined,
  });
  const cause = [lastBackup, lastVerify].find((run) => run?.status === health);
  return {
    health,
    reason: cause === undefined ? describeWaiting(health, lateness.reason) : describeEnd(cause),
    running,
    lastComplete,
    ageMs: lastComplete === undefined ? undefined : clock.now().getTime() - lastComplete.startedAt.getTime(),
    sizes: findSizes(state, config.project),
  };
}

const unknownStanding: Standing = {
  health: 'never',
  reason: 'This machine has no record of any run.',
  running: undefined,
  lastComplete: undefined,
  ageMs: undefined,
  sizes: undefined,
};

/** Whoever asks for the lock holds it for a moment: so it is asked for only when a run has not told its end. */
function findRunning(state: StateStore): RunRecord | undefined {
  const newest = state.listRuns(searchedRuns).find(({ status }) => status === 'running');
  return newest !== undefined && state.isLocked() ? newest : undefined;
}

function findLastEnded(
  state: StateStore,
  command: RunRecord['command'],
  running: RunRecord | undefined,
): RunRecord | undefined {
  const run = state.newestRun(command);
  // Others without an end than the one that goes on were killed.
  const ended = run !== undefined && run.runId === running?.runId ? state.newestRun(command, endedStatuses) : run;
  return ended === undefined ? undefined : nameKilled(ended);
}

function describeWaiting(health: Health, lateness: string): string | undefined {
  return health === 'late' || health === 'never' ? toSentence(`${lateness[0]!.toUpperCase()}${lateness.slice(1)}`) : undefined;
}

function describeEnd({ command, status, startedAt, errorMessage, backupId }: RunRecord): string {
  const run = `The ${command} of ${startedAt.toISOString().slice(0, 16).replace('T', ' ')} UTC`;
  if (status === 'failed') return toSentence(`${run} failed: ${errorMessage ?? 'nothing is known of why'}`);
  return `${run} is incomplete${backupId === undefined ? '' : `: agent show ${backupId} names what is missing`}.`;
}

function toSentence(text: string): string {
  return /[.!?]$/.test(text) ? text : `${text}.`;
}

/** As the last runs have measured it, else from the index of archives, which older versions have written too. */
function findSizes(state: StateStore, project: string): BackupSizes | undefined {
  const { archives } = parseMeasurements(state.measurements());
  const measured = Object.values(archives).map(({ readBytes, deduplicatedBytes }) => ({
    originalBytes: readBytes,
    deduplicatedBytes,
  }));
  return addUp(measured.length > 0 ? measured : findIndexedSizes(state, project));
}

function findIndexedSizes(state: StateStore, project: string): BackupSizes[] {
  const known = state.indexedArchives().flatMap(({ name, kind, sizes }) => {
    const parsed = parseArchiveName(name);
    return parsed?.project === project && sizes !== undefined ? [{ kind, sizes, startedAt: parsed.startedAt }] : [];
  });
  const newestFirst = known.toSorted((a, b) => b.startedAt.getTime() - a.startedAt.getTime());
  return archiveKinds.flatMap((kind) => newestFirst.find((archive) => archive.kind === kind)?.sizes ?? []);
}

function addUp(sizes: readonly BackupSizes[]): BackupSizes | undefined {
  if (sizes.length === 0) return undefined;
  return {
    originalBytes: sizes.reduce((sum, { originalBytes }) => sum + originalBytes, 0),
    deduplicatedBytes: sizes.reduce((sum, { deduplicatedBytes }) => sum + deduplicatedBytes, 0),
  };
}
