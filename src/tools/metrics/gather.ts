import { statfs } from 'node:fs/promises';
import type { Clock } from '../../context.ts';
import type { StateStore } from '../../state-store.ts';
import { archiveKinds, parseArchiveName, type ArchiveKind } from '../../domain/archive-name.ts';
import { judgeProject, type ExpectedBackups } from '../../domain/expected-backups.ts';
import type { RunStatus } from '../../domain/exit-code.ts';
import type { FileSystem, LastRun, MetricFacts, RunSummary } from '../../domain/metrics/families.ts';
import type { MeasuredCommand, Measurements } from '../../domain/metrics/measurements.ts';
import type { EndedRun } from '../../metrics.ts';

export interface FactSources {
  readonly project: string;
  readonly agentVersion: string;
  readonly stateDirectory: string;
  /** BORG_REPO. */
  readonly repositoryLocation: string;
  readonly state: StateStore;
  readonly expected: ExpectedBackups;
  readonly clock: Pick<Clock, 'now'>;
}

/**
 * Brings together what is known of a project.
 * @param ended the run that ends now: it counts even where the run history could not be written, on a full disk, say.
 */
export async function gatherFacts(
  sources: FactSources,
  measured: Measurements,
  ended: (EndedRun & LastRun) | undefined,
): Promise<MetricFacts> {
  const { project, agentVersion, state } = sources;
  const summarize = (command: SummarizedCommand): RunSummary =>
    summarizeRuns(state, command, ended?.command === command ? ended : undefined);
  return {
    project,
    agentVersion,
    backup: summarize('backup'),
    verify: summarize('verify'),
    drill: summarize('drill'),
    lateness: judgeProject(sources.expected, state, sources.clock.now()),
    nextRuns: [],
    runs: state.countRuns(),
    measured,
    archives: countArchives(state, project),
    fileSystems: await measureFileSystems(sources),
  };
}

const endedStatuses: readonly RunStatus[] = ['complete', 'incomplete', 'failed'];

type SummarizedCommand = MeasuredCommand | 'drill';

function summarizeRuns(state: StateStore, command: SummarizedCommand, ended: (EndedRun & LastRun) | undefined): RunSummary {
  const lastSuccess = ended?.status === 'complete' ? ended : state.newestRun(command, ['complete']);
  return {
    lastSuccess: lastSuccess?.startedAt,
    lastEnded: ended ?? findLastEnded(state, command),
  };
}

/** Where no run is going on, one without an end was killed. That is only asked when there is one: whoever asks takes the lock for a moment. */
function findLastEnded(state: StateStore, command: SummarizedCommand): LastRun | undefined {
  const run = state.newestRun(command);
  if (run?.status !== 'running') return run && { ...run, status: run.status };
  return state.isLocked() ? findEnded(state, command) : { ...run, status: 'failed' };
}

function findEnded(state: StateStore, command: SummarizedCommand): LastRun | undefined {
  const run = state.newestRun(command, endedStatuses);
  return run === undefined || run.status === 'running' ? undefined : { ...run, status: run.status };
}

function countArchives(state: StateStore, project: string): Record<ArchiveKind, number> {
  const own = state.indexedArchives().filter(({ name }) => parseArchiveName(name)?.project === project);
  const count = (kind: ArchiveKind): number => own.filter((archive) => archive.kind === kind).length;
  return Object.fromEntries(archiveKinds.map((kind) => [kind, count(kind)])) as Record<ArchiveKind, number>;
}

/** What cannot be looked at (a remote repository, a disk that is not there) is left out. */
async function measureFileSystems({ stateDirectory, repositoryLocation }: FactSources): Promise<FileSystem[]> {
  const directories = [
    ['repository', repositoryLocation],
    ['state', stateDirectory],
  ] as const;
  const measured: FileSystem[] = [];
  for (const [directory, path] of directories) {
    if (!path.startsWith('/')) continue;
    const stats = await statfs(path).catch(() => undefined);
    if (stats === undefined) continue;
    // For users who are not root, as `df` tells it.
    measured.push({ directory, freeBytes: stats.bavail * stats.bsize, sizeBytes: stats.blocks * stats.bsize });
  }
  return measured;
}
