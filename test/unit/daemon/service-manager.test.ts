import { expect, test } from 'vitest';
import type { CommandRunner } from '../../../src/context.ts';
import { createServiceManager } from '../../../src/daemon/service-manager.ts';
import { runPhases } from '../../../src/daemon/shutdown.ts';
import { createLogger } from '../../../src/log.ts';
import { createFakeClock } from '../../helpers/fake-clock.ts';

const log = createLogger([]);

function createScene(environment: Record<string, string>) {
  const said: string[] = [];
  const commands: CommandRunner = {
    start({ file, args, env }) {
      said.push([env?.['NOTIFY_SOCKET'], file, ...args].join(' '));
      const finished = Promise.resolve({ exitCode: 0, signal: null, stdout: '', stderr: '' });
      return { pid: 1, stdout: undefined, finished, terminate: () => Promise.resolve() };
    },
    run: () => Promise.reject(new Error('not used')),
  };
  const clock = createFakeClock(new Date('2026-11-21T00:00:00Z'));
  return { said, clock, manager: createServiceManager({ commands, clock, log, pid: 42, environment }) };
}

test('systemd is told what is going on; of many words only the last', async () => {
  const { said, manager } = createScene({ NOTIFY_SOCKET: '/run/notify' });
  await manager.ready('next run at noon');
  for (const status of ['a', 'b', 'c']) manager.status(status);
  await manager.reloading();
  await manager.ready('d');
  for (const status of ['d', 'e']) manager.status(status);
  await manager.stopping('ending');
  manager.status('f');
  await manager.reloading();
  const begin = '/run/notify systemd-notify --pid=42';
  expect(said.filter((line) => !line.endsWith('RELOADING=1'))).toEqual([
    `${begin} READY=1 STATUS=next run at noon`,
    `${begin} STATUS=c`,
    `${begin} READY=1 STATUS=d`,
    `${begin} STOPPING=1 STATUS=ending`,
  ]);
});

test('the watchdog hears every half of its time that all is well, and nothing when it is not', async () => {
  const { said, clock, manager } = createScene({ NOTIFY_SOCKET: '/run/notify', WATCHDOG_USEC: '60000000', WATCHDOG_PID: '42' });
  let well = true;
  const end = new AbortController();
  const kept = manager.keepWatchdog(() => well, end.signal);
  await clock.passUntil(new Date('2026-11-21T00:01:45Z'));
  expect(said).toHaveLength(4);
  well = false;
  await clock.passUntil(new Date('2026-11-21T01:00:00Z'));
  expect(said).toHaveLength(4);
  end.abort();
  await kept;
});

test.each([{}, { WATCHDOG_USEC: '60000000' }, { NOTIFY_SOCKET: '/run/notify', WATCHDOG_USEC: '60000000', WATCHDOG_PID: '7' }])(
  'where nobody listens, nothing is said: %j',
  async (environment) => {
    const { said, manager } = createScene(environment);
    await manager.keepWatchdog(() => true, new AbortController().signal);
    expect(said).toEqual([]);
  },
);

test('each phase of a shutdown has its turn, whatever the one before it does', async () => {
  const clock = createFakeClock(new Date('2026-11-21T00:00:00Z'));
  const turns: string[] = [];
  const done = runPhases(
    [
      { name: 'a', limitMs: 1000, run: () => void turns.push('a') },
      { name: 'fails', limitMs: 1000, run: () => Promise.reject(new Error('no')) },
      { name: 'hangs', limitMs: 1000, run: () => new Promise(() => undefined) },
      { name: 'b', limitMs: 1000, run: () => void turns.push(`b at ${clock.monotonicMs()}`) },
    ],
    { clock, log },
  );
  await clock.passUntil(new Date('2026-11-21T00:00:10Z'));
  await done;
  expect(turns).toEqual(['a', 'b at 1000']);
});
