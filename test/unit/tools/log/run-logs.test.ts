import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { createRunLogs, readLogOfRun } from '../../../../src/tools/log/run-logs.ts';
import { createTemporaryDirectory } from '../../../helpers/temporary-directory.ts';

function lineOf(run: number, fields: object): string {
  const time = new Date(Date.UTC(2026, 10, 21) + run * 60_000).toISOString();
  return `${JSON.stringify({ level: 30, time, project: 'shop', runId: `run-${run}`, msg: 'a line', ...fields })}\n`;
}

test('the last twenty runs are kept, each in a private file', async () => {
  const directory = join(await createTemporaryDirectory(), 'logs');
  expect(readLogOfRun(directory, undefined)).toBeUndefined();
  const logs = createRunLogs(directory);
  logs.write(`{"level":40,"time":"2026-11-21T00:00:00Z","msg":"of no run"}\n`);
  for (let run = 1; run <= 25; run += 1) {
    logs.write(lineOf(run, { event: 'start' }));
    logs.write(lineOf(run, { count: run }));
    logs.write(lineOf(run, { event: 'success' }));
    logs.write(lineOf(run, { msg: 'too late' }));
  }
  logs.close();
  const names = await readdir(directory);
  expect(names).toHaveLength(20);
  expect((await stat(directory)).mode & 0o777).toBe(0o700);
  for (const name of names) expect((await stat(join(directory, name))).mode & 0o777).toBe(0o600);
  expect(readLogOfRun(directory, undefined)).toMatchObject([{ event: 'start' }, { count: 25 }, { event: 'success' }]);
  expect(readLogOfRun(directory, 'run-7')).toMatchObject([{ runId: 'run-7' }, { count: 7 }, {}]);
  expect(readLogOfRun(directory, 'run-5')).toBeUndefined();
});

test('a run with too much to say is cut short, but for its end', async () => {
  const directory = await createTemporaryDirectory();
  const logs = createRunLogs(directory);
  logs.write(lineOf(1, { event: 'start' }));
  for (let count = 0; count < 30; count += 1) logs.write(lineOf(1, { text: 'x'.repeat(100_000) }));
  logs.write(lineOf(1, { event: 'failure' }));
  const [name] = await readdir(directory);
  expect((await stat(join(directory, name!))).size).toBeLessThan(1024 ** 2 + 1000);
  expect(readLogOfRun(directory, undefined)!.at(-1)).toMatchObject({ event: 'failure' });
});

test('nothing that is in the way is an error', async () => {
  const file = join(await createTemporaryDirectory(), 'a', '\0');
  const logs = createRunLogs(file);
  expect(() => logs.write(lineOf(1, { event: 'start' }))).not.toThrow();
  logs.close();
});
