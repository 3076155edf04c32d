import { join } from 'node:path';
import type { Logger } from 'pino';
import type { Clock } from '../../context.ts';
import type { ExpectedBackups } from '../../domain/expected-backups.ts';
import type { MetricFacts, NextRun } from '../../domain/metrics/families.ts';
import { parseMeasurements } from '../../domain/metrics/measurements.ts';
import { messageOf } from '../../errors.ts';
import { openStateReader } from '../state/store.ts';
import { gatherFacts } from './gather.ts';

/** Of a project of which no run asks now. */
export interface MonitoredProject {
  readonly project: string;
  /** STATE_DIR. */
  readonly stateDirectory: string;
  /** BORG_REPO. */
  readonly repositoryLocation: string;
  readonly expected: ExpectedBackups;
  /** What the scheduler will start. */
  readonly nextRuns: readonly NextRun[];
}

interface ReaderOptions {
  readonly agentVersion: string;
  readonly clock: Pick<Clock, 'now'>;
  readonly log: Logger;
}

export interface ProjectsReader {
  read(projects: readonly MonitoredProject[]): Promise<MetricFacts[]>;
}

/** Reads what the histories of projects know. One that cannot be read is left out; the log says so when it begins, and not each time. */
export function createProjectsReader(options: ReaderOptions): ProjectsReader {
  const { log } = options;
  const unreadable = new Map<string, string>();
  return {
    async read(projects) {
      const facts = new Map<string, MetricFacts>();
      for (const monitored of projects) {
        const { project } = monitored;
        // Two files may call their project the same; series must not come twice.
        if (facts.has(project)) continue;
        try {
          facts.set(project, await readProject(monitored, options));
          unreadable.delete(project);
        } catch (error) {
          const reason = messageOf(error);
          if (unreadable.get(project) !== reason) log.warn({ project, reason }, 'the metrics of a project cannot be read');
          unreadable.set(project, reason);
        }
      }
      return [...facts.values()];
    },
  };
}

async function readProject(monitored: MonitoredProject, options: ReaderOptions): Promise<MetricFacts> {
  const stateDirectory = join(monitored.stateDirectory, monitored.project);
  const state = openStateReader(stateDirectory);
  try {
    const sources = { ...options, ...monitored, stateDirectory, state };
    const facts = await gatherFacts(sources, parseMeasurements(state.measurements()), undefined);
    return { ...facts, nextRuns: monitored.nextRuns };
  } finally {
    state.close();
  }
}
