import { expect, test } from 'vitest';
import type { MessageEvent } from '../../../../src/domain/alerts/alert.ts';
import { toPayload } from '../../../../src/domain/alerts/payload.ts';
import { textOf, titleOf } from '../../../../src/domain/alerts/text.ts';
import { createTestAlert } from '../../../helpers/alert.ts';

test('a failure tells what happened, what to do, and what there still is', () => {
  const alert = createTestAlert();
  expect(titleOf(alert, 'failure')).toBe('shop: backup failed');
  expect(textOf(alert, 'failure').split('\n')).toEqual([
    'Error: PostgreSQL at me@db:5432/app: refused.',
    'Try: Start it <now> & here.',
    'Run: backup, started at 2026-11-21 02:00:00 UTC, took 42 s, exit code 20',
    'Last complete backup: shop-20261120T020000Z (2026-11-20 02:00:00 UTC)',
    'Host: backup-1',
  ]);
});

test('without any backup that is said', () => {
  expect(textOf(createTestAlert({ lastComplete: undefined }), 'failure')).toContain('\nThere is no complete backup yet.\n');
});

test('an incomplete backup names what it does not hold, ten at most', () => {
  const notCaptured = Array.from({ length: 12 }, (_, index) => `part ${index + 1}`);
  const run = {
    ...createTestAlert().run!,
    status: 'incomplete' as const,
    backupId: 'shop-20261121T020000Z',
    durationMs: 300_000,
  };
  const lines = textOf(createTestAlert({ run, error: undefined, notCaptured }), 'incomplete').split('\n');
  expect(lines[0]).toMatch(/^Not in the backup: part 1, .*, part 10, and 2 more\.$/);
  expect(lines[1]).toContain('backup shop-20261121T020000Z, started at 2026-11-21 02:00:00 UTC, took 5 min');
});

test.each<[MessageEvent, string]>([
  ['incomplete', 'shop: backup is incomplete'],
  ['recovered', 'shop: backup is good again'],
  ['success', 'shop: backup is good'],
  ['late', 'shop: backup is late'],
  ['start', 'shop: backup begins'],
  ['test', 'shop: test of the alerts'],
])('the title of %s is %s', (event, title) => {
  expect(titleOf(createTestAlert(), event)).toBe(title);
  expect(titleOf({ ...createTestAlert(), run: undefined }, 'failure')).toBe('shop: a run failed');
  const run = { ...createTestAlert().run!, command: 'verify' as const };
  expect(titleOf({ ...createTestAlert(), run }, 'failure')).toBe('shop: verification failed');
});

test('a message of another program is one line without control characters, and not endless', () => {
  const message = `first\nsecond \u001B[31mred\u202E ${'x'.repeat(5000)}`;
  const [line, ...others] = textOf(createTestAlert({ error: { code: 'failed', message, hint: '' } }), 'failure').split('\n');
  expect(line).toMatch(/^Error: first second \[31mred x+\.\.\.$/);
  expect(line!.length).toBeLessThan(1300);
  expect(others).toHaveLength(4);
});

test('the document of a webhook', () => {
  expect(toPayload(createTestAlert(), 'failure')).toEqual({
    schemaVersion: 1,
    id: '3f0c5a52-6d8a-4d3a-9f0e-0d6f7a1c2b3d',
    event: 'failure',
    project: 'shop',
    host: 'backup-1',
    agentVersion: '0.1.0',
    at: '2026-11-21T02:00:42.000Z',
    title: 'shop: backup failed',
    text: textOf(createTestAlert(), 'failure'),
    run: {
      command: 'backup',
      status: 'failed',
      backupId: null,
      startedAt: '2026-11-21T02:00:00.000Z',
      durationMs: 42_000,
      exitCode: 20,
    },
    error: { code: 'source_unreachable', message: 'PostgreSQL at me@db:5432/app: refused.', hint: 'Start it <now> & here.' },
    reason: null,
    notCaptured: [],
    lastComplete: { backupId: 'shop-20261120T020000Z', startedAt: '2026-11-20T02:00:00.000Z' },
  });
  const bare = { events: ['late'], run: undefined, error: undefined, lastComplete: undefined, reason: 'Too old.' } as const;
  expect(toPayload(createTestAlert(bare), 'late')).toMatchObject({
    run: null,
    error: null,
    lastComplete: null,
    reason: 'Too old.',
  });
});
