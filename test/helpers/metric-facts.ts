import type { MetricFacts } from '../../src/domain/metrics/families.ts';

/** Of a project of which everything is known. */
export const allFacts: MetricFacts = {
  project: 'shop',
  agentVersion: '0.1.0',
  backup: {
    lastSuccess: new Date('2026-11-20T02:00:00Z'),
    lastEnded: { startedAt: new Date('2026-11-21T02:00:00.500Z'), status: 'incomplete', durationMs: 61_500 },
  },
  verify: {
    lastSuccess: new Date('2026-11-15T04:00:00Z'),
    lastEnded: { startedAt: new Date('2026-11-15T04:00:00Z'), status: 'complete', durationMs: 2000 },
  },
  drill: {
    lastSuccess: new Date('2026-11-01T05:00:00Z'),
    lastEnded: { startedAt: new Date('2026-11-08T05:00:00Z'), status: 'failed', durationMs: 3000 },
  },
  lateness: { late: true, from: new Date('2026-11-21T14:00:00Z') },
  nextRuns: [
    { kind: 'backup', at: new Date('2026-11-22T02:10:00Z') },
    { kind: 'verify', at: new Date('2026-11-22T04:00:00Z') },
  ],
  runs: [
    { command: 'backup', status: 'complete', count: 7 },
    { command: 'restore', status: 'failed', count: 1 },
  ],
  measured: {
    stagesMs: { backup: { snapshot: 250, storage: 60_000 }, verify: { verify: 1900 } },
    archives: {
      database: { readBytes: 1000, deduplicatedBytes: 10 },
      storage: { readBytes: 5000, deduplicatedBytes: 0 },
    },
    storage: { objects: 12, bytes: 4900, fetchedObjects: 3, fetchedBytes: 300, missingObjects: 1, leftObjects: 2 },
    repository: { originalBytes: 60_000, storedBytes: 9000 },
  },
  archives: { database: 21, storage: 20 },
  fileSystems: [
    { directory: 'repository', freeBytes: 5e9, sizeBytes: 1e11 },
    { directory: 'state', freeBytes: 6e9, sizeBytes: 2e11 },
  ],
};
