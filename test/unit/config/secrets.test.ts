import { chmod, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeEach, describe, expect, test } from 'vitest';
import { readSecretFile, runSecretCommand } from '../../../src/config/secrets.ts';
import { createTemporaryDirectory } from '../../helpers/temporary-directory.ts';

let directory: string;

beforeEach(async () => {
  directory = await createTemporaryDirectory();
});

describe('a secret in a file', () => {
  const write = async (content: string, mode: number): Promise<string> => {
    const path = join(directory, 'secret');
    await writeFile(path, content);
    await chmod(path, mode);
    return path;
  };

  test.each([
    ['pass word\n', 'pass word'],
    ['pass\r\n', 'pass'],
    ['pass\n\n', 'pass\n'],
    [' pass ', ' pass '],
    ['#$\'"`\\n', '#$\'"`\\n'],
    ['two\nlines', 'two\nlines'],
  ])('%j is %j', async (content, value) => {
    expect(await readSecretFile(await write(content, 0o600))).toEqual({ value });
  });

  test.each([0o600, 0o400, 0o640])('may have the mode %o', async (mode) => {
    expect(await readSecretFile(await write('pass', mode))).toEqual({ value: 'pass' });
  });

  test.each([0o644, 0o604, 0o666])('may not have the mode %o', async (mode) => {
    const path = await write('pass', mode);
    expect(await readSecretFile(path)).toEqual({
      problem: `${path} can be read by every user of this machine: chmod o-rwx ${path}`,
    });
  });

  test.each(['', '\n'])('may not be empty (%j)', async (content) => {
    const path = await write(content, 0o600);
    expect(await readSecretFile(path)).toEqual({ problem: `${path} is empty` });
  });

  test('has to be there, and a file', async () => {
    expect(await readSecretFile('/no/such/file')).toEqual({ problem: expect.stringContaining('ENOENT') as string });
    expect(await readSecretFile(directory)).toEqual({ problem: expect.stringContaining('EISDIR') as string });
  });
});

describe('a secret from a command', () => {
  const run = async (command: string, limitMs?: number) =>
    runSecretCommand({
      command,
      directory,
      environment: { PATH: process.env['PATH'] ?? '', GREETING: 'hello' },
      ...(limitMs === undefined ? {} : { limitMs }),
    });

  test.each([
    ['echo "pass word"', 'pass word'],
    ["printf 'two\\nlines\\n\\n'", 'two\nlines\n'],
    ['printf %s "$GREETING" | tr a-z A-Z', 'HELLO'],
    ['pwd', () => directory],
  ])('%s', async (command, value) => {
    expect(await run(command)).toEqual({ value: typeof value === 'string' ? value : value() });
  });

  test.each([
    ['echo hunter2; exit 3', 'the command failed (exit code 3); try it in a shell'],
    ['echo hunter2; kill -9 $$', 'the command failed (ended by SIGKILL); try it in a shell'],
    ['no-such-command 2>/dev/null', 'the command failed (exit code 127); try it in a shell'],
    ['true', 'the command printed nothing'],
  ])('%s fails, and what it printed is not shown', async (command, problem) => {
    expect(await run(command)).toEqual({ problem });
  });

  test('that does not end is ended, with all that it has started', async () => {
    const started = performance.now();
    const result = await run('echo hunter2; sleep 60 & echo $! > pid; sleep 60; true', 1500);
    expect(result).toEqual({ problem: 'the command has printed nothing within 1.5 s and was ended' });
    expect(performance.now() - started).toBeLessThan(10_000);
    const pid = (await readFile(join(directory, 'pid'), 'utf8')).trim();
    // Its parent is gone, so whoever inherits it may not have buried it yet; and a machine at its limit takes its time to end it.
    const readState = () => readFile(`/proc/${pid}/stat`, 'utf8').catch(() => `${pid} (sleep) X`);
    await expect.poll(readState, { timeout: 120_000 }).toMatch(/\) [ZX]/);
  });

  test('does not see the environment of the agent', async () => {
    expect(await run('echo "[$HOME]"')).toEqual({ value: '[]' });
  });
});
