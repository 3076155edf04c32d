import fc from 'fast-check';
import { expect, test } from 'vitest';
import { describeMetrics, type MetricFacts } from '../../../../src/domain/metrics/families.ts';
import { noMeasurements } from '../../../../src/domain/metrics/measurements.ts';
import { exposeMetrics } from '../../../../src/tools/metrics/render.ts';
import { parseExposition, type Exposition } from '../../../helpers/exposition.ts';
import { allFacts } from '../../../helpers/metric-facts.ts';

async function expose(...projects: readonly MetricFacts[]): Promise<Exposition> {
  return parseExposition(await exposeMetrics(projects));
}

test('what is known stands in the text, by project', async () => {
  const { value, types } = await expose(allFacts);
  const project = 'shop';
  expect(value('supabase_backup_info', { project, version: '0.1.0' })).toBe(1);
  expect(value('supabase_backup_last_success_timestamp_seconds', { project })).toBe(Date.UTC(2026, 10, 20, 2) / 1000);
  expect(value('supabase_backup_last_attempt_timestamp_seconds', { project })).toBe(Date.UTC(2026, 10, 21, 2) / 1000 + 0.5);
  const statuses = ['complete', 'incomplete', 'failed'].map((status) => value('supabase_backup_status', { project, status }));
  expect(statuses).toEqual([0, 1, 0]);
  expect(value('supabase_backup_duration_seconds')).toBe(61.5);
  expect(value('supabase_backup_stage_duration_seconds', { command: 'backup', stage: 'storage' })).toBe(60);
  expect(types['supabase_backup_runs_total']).toBe('counter');
  expect(value('supabase_backup_runs_total', { command: 'backup', status: 'complete' })).toBe(7);
  expect(value('supabase_backup_runs_total', { command: 'backup', status: 'failed' })).toBe(0);
  expect(value('supabase_backup_read_bytes', { kind: 'storage' })).toBe(5000);
  expect(value('supabase_backup_storage_missing_objects')).toBe(1);
  expect(value('supabase_backup_filesystem_free_bytes', { directory: 'state' })).toBe(6e9);
  expect(value('supabase_backup_verify_ok')).toBe(1);
});

test('of what is late, comes next and was rehearsed', async () => {
  const { value } = await expose(allFacts);
  expect(value('supabase_backup_late')).toBe(1);
  expect(value('supabase_backup_late_from_timestamp_seconds')).toBe(Date.UTC(2026, 10, 21, 14) / 1000);
  expect(value('supabase_backup_next_run_timestamp_seconds', { kind: 'verify' })).toBe(Date.UTC(2026, 10, 22, 4) / 1000);
  expect(value('supabase_backup_drill_last_success_timestamp_seconds')).toBe(Date.UTC(2026, 10, 1, 5) / 1000);
  expect(value('supabase_backup_drill_last_attempt_timestamp_seconds')).toBe(Date.UTC(2026, 10, 8, 5) / 1000);
  expect(value('supabase_backup_drill_ok')).toBe(0);
});

test('of a project without any run it is known that it has no backup, and nothing is made up', async () => {
  const none = { lastSuccess: undefined, lastEnded: undefined };
  const unknown = {
    backup: none,
    verify: none,
    drill: none,
    nextRuns: [],
    runs: [],
    measured: noMeasurements,
    fileSystems: [],
  };
  const { value, types } = await expose({ ...allFacts, ...unknown, archives: { database: 0, storage: 0 } });
  expect(value('supabase_backup_last_success_timestamp_seconds')).toBe(0);
  expect(value('supabase_backup_verify_last_success_timestamp_seconds')).toBe(0);
  expect(value('supabase_backup_drill_last_success_timestamp_seconds')).toBe(0);
  expect(value('supabase_backup_status', { status: 'failed' })).toBe(0);
  for (const name of [
    'next_run_timestamp_seconds',
    'drill_ok',
    'duration_seconds',
    'read_bytes',
    'verify_ok',
    'storage_objects',
    'filesystem_free_bytes',
  ]) {
    expect(types).not.toHaveProperty(`supabase_backup_${name}`);
  }
});

test('a verification that failed is not ok, and one that was killed took no time that is known', async () => {
  const lastEnded = { startedAt: new Date(0), status: 'failed', durationMs: undefined } as const;
  const { value } = await expose({ ...allFacts, verify: { ...allFacts.verify, lastEnded } });
  expect(value('supabase_backup_verify_ok')).toBe(0);
  expect(value('supabase_backup_verify_duration_seconds')).toBeUndefined();
});

test('names and types are what Prometheus asks for', () => {
  for (const { name, type, help, samples } of describeMetrics([allFacts])) {
    expect(name).toMatch(/^supabase_backup_[a-z]+(_[a-z]+)*$/);
    expect(name.endsWith('_total'), name).toBe(type === 'counter');
    expect(name).not.toMatch(/_(milliseconds|ms|count|gauge)$/);
    expect(help, name).toMatch(/^\S.*\.$/);
    for (const { labels } of samples) expect(Object.keys(labels)).toEqual(Object.keys(samples[0]!.labels));
  }
});

test('several projects, whatever they are called and however large, come back as they went in', async () => {
  const number = fc.oneof(fc.nat(), fc.double({ min: 0, noNaN: true, noDefaultInfinity: true }));
  const projects = fc.uniqueArray(fc.record({ project: fc.string({ unit: 'binary' }), bytes: number }), {
    selector: ({ project }) => project,
    maxLength: 4,
  });
  await fc.assert(
    fc.asyncProperty(projects, async (list) => {
      const facts = list.map(({ project, bytes }) => ({
        ...allFacts,
        project,
        measured: { ...allFacts.measured, repository: { originalBytes: bytes, storedBytes: 0 } },
      }));
      // Prometheus ends a line at a line feed alone.
      const { series, value } = await expose(...facts);
      for (const { project, bytes } of list)
        expect(value('supabase_backup_repository_original_bytes', { project })).toBe(bytes);
      expect(series.length).toBe(describeMetrics(facts).reduce((sum, { samples }) => sum + samples.length, 0));
    }),
    { numRuns: 20, examples: [[[{ project: 'a\rb\u2028c\u2029d\u0085e\\"\n', bytes: 0 }]]] },
  );
});
