import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { execa } from 'execa';
import { whenTestEnds } from './cleanup.ts';
import { createTemporaryDirectory } from './temporary-directory.ts';

/**
 * Starts a Borg that is loaded once, and forks for each command: a third of the time. Answers a PATH on which it stands first. It is
 * gone when the test is over.
 */
export async function startQuickBorg(): Promise<string> {
  const { stdout: borg } = await execa('which', ['borg']);
  const interpreter = /^#!(\S*python\S*)/.exec(await readFile(borg, 'utf8'))?.[1];
  const path = process.env['PATH'] ?? '/usr/bin:/bin';
  // One file without Python outside of it cannot be loaded.
  if (interpreter === undefined) return path;
  const directory = await createTemporaryDirectory();
  const script = fileURLToPath(new URL('quick-borg.py', import.meta.url));
  const server = spawn('setpriv', ['--pdeathsig', 'KILL', interpreter, script, join(directory, 'socket')], {
    stdio: ['ignore', 'pipe', 'inherit'],
    env: { PATH: path, LC_ALL: 'C.UTF-8' },
  });
  whenTestEnds(async () => {
    const ended = once(server, 'exit');
    server.kill('SIGKILL');
    await ended;
  });
  await once(createInterface(server.stdout), 'line');
  return `${directory}:${path}`;
}
