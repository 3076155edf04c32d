import { describe, expect, test } from 'vitest';
import { createTimerSource, findAgentProject, findNext } from '../../../../src/cli/status/next-runs.ts';
import type { AgentProject } from '../../../../src/domain/control.ts';

const shop: AgentProject = { name: 'shop', project: 'shop', running: null, next: [], last: null, problem: null };

const planned = (kind: string, at: string): AgentProject['next'][number] => ({ kind, at, reason: 'schedule', retry: 0 });
const timers = new Map([
  ['supabase-backup@shop.timer', new Date('2026-11-22T02:31:00Z')],
  ['supabase-backup.timer', new Date('2026-11-22T02:05:00Z')],
]);

describe('the next backup', () => {
  test('is the first that the agent has planned, not a verification', () => {
    const next = [
      planned('verify', '2026-11-21T13:00:00Z'),
      planned('backup', '2026-11-24T02:00:00Z'),
      planned('database', '2026-11-22T02:00:00Z'),
    ];
    expect(findNext('shop', { ...shop, next }, timers)).toEqual({
      kind: 'database',
      at: new Date('2026-11-22T02:00:00Z'),
      from: 'agent',
    });
  });

  test('is that of the timer where the agent plans none', () => {
    const next = [planned('verify', '2026-11-21T13:00:00Z')];
    const expected = { kind: 'backup', at: new Date('2026-11-22T02:31:00Z'), from: 'systemd' };
    expect(findNext('shop', { ...shop, next }, timers)).toEqual(expected);
    expect(findNext('shop', undefined, timers)).toEqual(expected);
    expect(findNext('default', undefined, timers)).toMatchObject({ at: new Date('2026-11-22T02:05:00Z') });
    expect(findNext('blog', undefined, timers)).toBeUndefined();
  });
});

test('of two env files with the same PROJECT_NAME the agent means the one of that name', () => {
  const other = { ...shop, name: 'copy' };
  const agent = { projects: [other, shop, { ...shop, name: 'shop', project: 'blog' }] };
  expect(findAgentProject(agent, { name: 'shop', project: 'shop' })).toBe(shop);
  expect(findAgentProject(agent, { name: '.env', project: 'shop' })).toBe(other);
  expect(findAgentProject(agent, { name: 'wiki', project: 'wiki' })).toBeUndefined();
  expect(findAgentProject(undefined, { name: 'shop', project: 'shop' })).toBeUndefined();
});

test('systemd is not asked again within half a minute', async () => {
  let nowMs = 0;
  const asked: (readonly string[])[] = [];
  const list = createTimerSource({
    clock: { monotonicMs: () => nowMs },
    listTimers: async (patterns) => {
      asked.push(patterns);
      return timers;
    },
  });
  for (nowMs of [0, 10_000, 30_000, 31_000, 60_000]) expect(await list()).toBe(timers);
  expect(asked).toEqual([
    ['supabase-backup@*.timer', 'supabase-backup.timer'],
    ['supabase-backup@*.timer', 'supabase-backup.timer'],
  ]);
});
