import { expect, test } from 'vitest';
import { describeServiceEnd, hasToldItsEnd, type ServiceEnd } from '../../../../src/domain/alerts/service-end.ts';

const exited: ServiceEnd = {
  unit: 'supabase-backup@shop.service',
  result: 'exit-code',
  exitCode: 'exited',
  exitStatus: '20',
  invocationId: 'one',
};
const minuteMs = 60_000;

test.each<[string, Partial<ServiceEnd>, { killed?: boolean; told?: string; minutes?: number }, boolean]>([
  ['ended by itself and told so', {}, { told: 'one', minutes: 0 }, true],
  ['is the long-running agent, of which a run has told its end before', {}, { told: 'one', minutes: 11 }, false],
  ['never got as far as the run', {}, { told: 'an older start', minutes: 0 }, false],
  ['never told anything', {}, {}, false],
  ['was killed in its run', { exitCode: 'killed', exitStatus: 'KILL' }, { killed: true, told: 'one' }, false],
  ['left a run without an end', {}, { killed: true, told: 'one' }, false],
  ['was killed between two runs', { exitCode: 'killed' }, { told: 'one', minutes: 1 }, false],
  ['dumped core', { exitCode: 'dumped' }, { told: 'one' }, false],
  ['failed a moment ago, under an old systemd', { invocationId: undefined }, { minutes: 1 }, true],
  ['failed long ago, under an old systemd', { invocationId: undefined }, { minutes: 11 }, false],
  ['was good the last time, under an old systemd', { invocationId: undefined }, {}, false],
])('a service that %s', (_, end, { killed = false, told, minutes }, expected) => {
  const sinceBadEndMs = minutes === undefined ? undefined : minutes * minuteMs;
  const toldRun = told === undefined ? undefined : { invocationId: told, agoMs: sinceBadEndMs ?? 0 };
  expect(hasToldItsEnd({ end: { ...exited, ...end }, killed, told: toldRun, sinceBadEndMs })).toBe(expected);
});

test.each<[Partial<ServiceEnd>, string]>([
  [{}, 'The service supabase-backup@shop.service ended with exit code 20 before it could tell why.'],
  [
    { result: 'watchdog', exitCode: 'dumped' },
    'The service supabase-backup@shop.service did not answer any more and was ended by the watchdog.',
  ],
  [
    { result: 'oom-kill', exitCode: 'killed' },
    'The service supabase-backup@shop.service was killed because memory had run out.',
  ],
  [{ result: 'timeout' }, 'The service supabase-backup@shop.service took longer than it may and was ended.'],
  [
    { result: 'signal', exitCode: 'killed', exitStatus: 'KILL' },
    'The service supabase-backup@shop.service was ended by the signal KILL.',
  ],
  [
    { result: 'resources', exitCode: undefined },
    'The service supabase-backup@shop.service could not be started, or ended without a word (resources).',
  ],
  [{ unit: undefined, result: undefined, exitCode: undefined }, 'The service could not be started, or ended without a word.'],
])('%j: %s', (end, text) => {
  expect(describeServiceEnd({ ...exited, ...end })).toBe(text);
});
