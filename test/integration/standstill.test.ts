import { existsSync } from 'node:fs';
import { connect as connectSocket, createServer, type AddressInfo, type Socket } from 'node:net';
import { expect, onTestFinished, test } from 'vitest';
import type { AppError } from '../../src/errors.ts';
import { systemClock } from '../../src/tools/clock.ts';
import { connect } from '../../src/tools/postgres/session.ts';
import { createCommandRunner } from '../../src/tools/process/run-command.ts';
import { StandstillWatch } from '../../src/tools/standstill/watch.ts';
import { createTestDatabase } from '../helpers/database.ts';

const limitMs = 1000;

function createWatch(): { readonly watch: StandstillWatch; readonly ends: AppError[]; readonly signal: AbortSignal } {
  const ends: AppError[] = [];
  const ending = new AbortController();
  const watch = new StandstillWatch({
    limitMs,
    clock: systemClock,
    onStandstill(reason) {
      ends.push(reason);
      ending.abort(reason);
    },
  });
  return { watch, ends, signal: ending.signal };
}

/** Passes on what it gets until `stop`; then it takes connections, and says nothing on any of them. */
async function startProxy(port: number): Promise<{ readonly port: number; stop(): void }> {
  const sockets = new Set<Socket>();
  let stopped = false;
  const server = createServer((near) => {
    sockets.add(near);
    near.on('error', () => undefined);
    if (stopped) return;
    const far = connectSocket(port, '127.0.0.1');
    sockets.add(far);
    far.on('error', () => undefined);
    near.on('data', (data) => stopped || far.write(data));
    far.on('data', (data) => stopped || near.write(data));
    near.on('close', () => far.destroy());
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  return { port: (server.address() as AddressInfo).port, stop: () => (stopped = true) };
}

test('a query whose server has vanished behind its connection ends with an error that says so', async () => {
  const database = await createTestDatabase();
  const proxy = await startProxy(database.config.port);
  const { watch, ends, signal } = createWatch();
  const session = await connect({ ...database.config, host: '127.0.0.1', port: proxy.port }, signal, watch);
  expect(await session.query('SELECT 1 AS x')).toEqual([{ x: 1 }]);
  proxy.stop();
  const where = `PostgreSQL at 127.0.0.1:${proxy.port}/${database.config.database}`;
  await expect(session.query('SELECT 2')).rejects.toMatchObject({
    code: 'timed_out',
    message: `For 1 s nothing has moved: a query to ${where}. ${where} does not answer. All of it was ended.`,
  });
  expect(ends).toHaveLength(1);
  await session.close();
});

test('a query on which the server works for longer than the limit goes on', async () => {
  const database = await createTestDatabase();
  const { watch, ends, signal } = createWatch();
  const session = await connect(database.config, signal, watch);
  expect(await session.query('SELECT 1 AS x FROM pg_sleep(2.2)')).toEqual([{ x: 1 }]);
  await session.close();
  expect(ends).toEqual([]);
});

test('a program that does a little now and then goes on; a server may do nothing; one that does nothing ends', async () => {
  const { watch, ends, signal } = createWatch();
  const commands = createCommandRunner({ environment: { PATH: '/usr/bin:/bin' }, signal, watch });
  const server = commands.start({ file: 'sleep', args: ['600'], idles: true });
  const slow = await commands.run({ file: 'sh', args: ['-c', 'for i in 1 2 3 4; do echo $i; sleep 0.6; done'] });
  expect(slow).toMatchObject({ exitCode: 0, stdout: '1\n2\n3\n4\n' });
  expect(ends).toEqual([]);
  // A child of another name does not count, and does not stay.
  const lines: string[] = [];
  const still = commands.run({
    file: 'sh',
    args: ['-c', 'while sleep 0.1; do :; done & echo $! >&2; exec tail -f /dev/null'],
    onStderrLine: (line) => lines.push(line),
  });
  await expect(still).rejects.toMatchObject({ code: 'timed_out', message: expect.stringContaining('sh (process ') as string });
  await expect.poll(() => existsSync(`/proc/${lines[0]}`), { timeout: 120_000, interval: 5 }).toBe(false);
  await server.terminate();
});
