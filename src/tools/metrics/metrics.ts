import type { Logger } from 'pino';
import type { Clock, Repository } from '../../context.ts';
import type { LastRun } from '../../domain/metrics/families.ts';
import {
  addRun,
  noMeasurements,
  parseMeasurements,
  type Measurements,
  type RunMeasurements,
} from '../../domain/metrics/measurements.ts';
import { messageOf } from '../../errors.ts';
import type { EndedRun, MadeBackup, Metrics } from '../../metrics.ts';
import { gatherFacts, type FactSources } from './gather.ts';
import { exposeMetrics } from './render.ts';
import { createStageClock } from './stage-clock.ts';
import { replaceFile } from './write-file.ts';

export interface MetricsOptions extends Omit<FactSources, 'repositoryLocation'> {
  readonly repository: Pick<Repository, 'location' | 'lastSizes'>;
  readonly clock: Clock;
  readonly log: Logger;
  /** METRICS_FILE. */
  readonly file: string | undefined;
}

/** The metrics of one project: measures its runs, keeps in the state what there is to keep, and tells of it. */
export function createMetrics(options: MetricsOptions): Metrics {
  const { state, repository, log, file } = options;
  const stages = createStageClock(options.clock);
  const sources: FactSources = { ...options, repositoryLocation: repository.location };
  let made: MadeBackup | undefined;

  const readMeasurements = (): Measurements => parseMeasurements(state.measurements());
  const orWarn = async (message: string, work: () => unknown): Promise<void> => {
    try {
      await work();
    } catch (error) {
      log.warn({ reason: messageOf(error) }, message);
    }
  };

  const tell = async (measured: () => Measurements, ended: (EndedRun & LastRun) | undefined): Promise<void> => {
    if (file === undefined) return;
    await orWarn('METRICS_FILE could not be written', async () =>
      replaceFile(file, await exposeMetrics([await gatherFacts(sources, measured(), ended)])),
    );
  };

  return {
    stageBegins: (stage) => stages.begin(stage),
    backupMade: (backup) => (made = backup),
    async runEnded(run) {
      const stagesMs = stages.end();
      const backup = made;
      made = undefined;
      const { status } = run;
      if (status === 'cancelled') return tell(readMeasurements, undefined);
      const own: RunMeasurements = {
        command: run.command,
        stagesMs,
        ...measureBackup(run.command === 'backup' ? backup : undefined),
        repository: repository.lastSizes(),
      };
      let measured = addRun(noMeasurements, own);
      await orWarn('the figures for monitoring could not be kept', () => {
        measured = addRun(readMeasurements(), own);
        state.noteMeasurements(JSON.stringify(measured));
      });
      await tell(() => measured, { ...run, status });
    },
    facts: () => gatherFacts(sources, readMeasurements(), undefined),
  };
}

function measureBackup(made: MadeBackup | undefined): Pick<RunMeasurements, 'archives' | 'storage'> {
  const archives = (made?.archives ?? []).map(
    ({ kind, sizes }) => [kind, { readBytes: sizes.originalBytes, deduplicatedBytes: sizes.deduplicatedBytes }] as const,
  );
  return { archives: Object.fromEntries(archives), storage: measureStorage(made?.storage) };
}

function measureStorage(storage: MadeBackup['storage']): Measurements['storage'] {
  if (storage === undefined) return undefined;
  const { totals, missing, left } = storage;
  return {
    objects: totals.objects,
    bytes: totals.bytes,
    fetchedObjects: totals.downloadedObjects,
    fetchedBytes: totals.downloadedBytes,
    missingObjects: missing.count,
    leftObjects: left.objects,
  };
}
