import { expect, test } from 'vitest';
import { describeAgent } from '../../../src/cli/agent-text.ts';
import type { AgentProject } from '../../../src/domain/control.ts';

const shop: AgentProject = {
  name: 'shop',
  project: 'shop',
  running: null,
  next: [],
  last: null,
  problem: null,
};
const describe = (project: string, ...projects: AgentProject[]): string[] =>
  describeAgent({ pid: 7, agentVersion: '1', startedAt: '2026-11-21T00:00:00Z', maxConcurrent: 1, projects }, project);
const head = 'The agent (process 7) runs since 2026-11-21 00:00:00 UTC';

test('what runs, and what is next and why', () => {
  const at = '2026-11-22T02:00:00Z';
  const running = {
    kind: 'backup',
    startedAt: '2026-11-21T02:00:00Z',
    pid: 8,
    stage: 'archive',
    progress: 'Archiving database/full.dump, 5 MiB',
  };
  const next = [
    { kind: 'backup', at, reason: 'retry', retry: 1 },
    { kind: 'database', at, reason: 'missed', retry: 0 },
    { kind: 'verify', at, reason: 'schedule', retry: 0 },
  ];
  expect(describe('shop', { ...shop, running, next })).toEqual([
    `${head}.`,
    'It runs a backup since 2026-11-21 02:00:00 UTC, now at archive (Archiving database/full.dump, 5 MiB).',
    'Next backup: 2026-11-22 02:00:00 UTC (try 2, after a failure).',
    'Next database: 2026-11-22 02:00:00 UTC (for one that was missed).',
    'Next verify: 2026-11-22 02:00:00 UTC.',
  ]);
});

test('what it does not look after, or cannot', () => {
  expect(describe('shop', { ...shop, problem: 'no passphrase' })).toEqual([
    `${head}.`,
    'Nothing is scheduled.',
    'Its file cannot be used any more: no passphrase',
  ]);
  expect(describe('blog', shop, { ...shop, name: 'weblog', project: null, problem: 'no passphrase' })).toEqual([
    `${head}, but does not look after this project.`,
    'It cannot use the file of weblog: no passphrase',
  ]);
});
