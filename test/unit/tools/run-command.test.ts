import { PassThrough } from 'node:stream';
import { expect, onTestFinished, test, vi } from 'vitest';
import { createCommandRunner } from '../../../src/tools/process/run-command.ts';

const patience = { timeout: 120_000, interval: 5 };

test('a command that is interrupted may end in its own time, and is terminated after that', async () => {
  const commands = createCommandRunner({ environment: {}, signal: new AbortController().signal });
  const lines: string[] = [];
  const say = (signal: string, then: string): string =>
    `process.on('${signal}', () => { console.error('${signal}'); ${then} });`;
  const running = commands.start({
    file: process.execPath,
    args: [
      '-e',
      `${say('SIGINT', '')} ${say('SIGTERM', 'process.exit(130)')} setInterval(() => 0, 1000); console.error('ready')`,
    ],
    killDelayMs: 2000,
    onStderrLine: (line) => lines.push(line),
  });
  await vi.waitFor(() => expect(lines).toEqual(['ready']), patience);
  await Promise.all([running.terminate('SIGINT'), running.terminate('SIGTERM')]);
  expect(await running.finished).toMatchObject({ exitCode: 130, stderr: 'ready\nSIGINT\nSIGTERM\n' });
});

test('a command that is terminated again while it ends gets no second signal', async () => {
  const commands = createCommandRunner({ environment: {}, signal: new AbortController().signal });
  const stdin = new PassThrough();
  const lines: string[] = [];
  const running = commands.start({
    file: process.execPath,
    args: ['-e', `process.on('SIGTERM', () => console.error('SIGTERM')); process.stdin.resume(); console.error('ready')`],
    stdin,
    onStderrLine: (line) => lines.push(line),
  });
  await vi.waitFor(() => expect(lines).toEqual(['ready']), patience);
  const first = running.terminate();
  await vi.waitFor(() => expect(lines).toHaveLength(2), patience);
  const second = running.terminate();
  stdin.end();
  await Promise.all([first, second]);
  expect(await running.finished).toMatchObject({ exitCode: 0, stderr: 'ready\nSIGTERM\n' });
});

test('a program whose pipes stay open when it was told to end is given up', async () => {
  const commands = createCommandRunner({ environment: { PATH: '/usr/bin:/bin' }, signal: new AbortController().signal });
  const lines: string[] = [];
  const running = commands.start({
    file: 'sh',
    // Nobody's child by then, so nobody finds it.
    args: ['-c', '(setsid sleep 20 & echo $! >&2); exec sleep 600'],
    killDelayMs: 100,
    onStderrLine: (line) => lines.push(line),
  });
  await vi.waitFor(() => expect(lines).toHaveLength(1), patience);
  onTestFinished(() => void process.kill(Number(lines[0]), 'SIGKILL'));
  await running.terminate();
  expect(await running.finished).toMatchObject({ exitCode: null, signal: 'SIGKILL' });
});
