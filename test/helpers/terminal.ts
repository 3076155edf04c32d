import { fileURLToPath } from 'node:url';
import { execa } from 'execa';
import { vi } from 'vitest';
import { whenTestEnds } from './cleanup.ts';

const main = fileURLToPath(new URL('../../src/main.ts', import.meta.url));

export interface TerminalSession {
  /** Waits until the terminal shows this, or has shown it so many times. */
  waitFor(text: string, times?: number): Promise<void>;
  type(text: string): void;
  /** Everything that was shown, and how the command ended. */
  readonly finished: Promise<{ exitCode: number | undefined; shown: string }>;
}

/** Runs `agent ARGS` on a pseudo-terminal of 100 columns, which script(1) of util-linux makes. */
export function runOnTerminal(args: readonly string[]): TerminalSession {
  const command = ['stty columns 100;', 'exec', process.execPath, '--', main, ...args]
    .map((word) => (word.endsWith(';') ? word : quote(word)))
    .join(' ');
  const subprocess = execa('script', ['--quiet', '--return', '--command', command, '/dev/null'], {
    env: {
      PATH: process.env['PATH'] ?? '/usr/bin:/bin',
      TERM: 'xterm',
      HOME: '/nonexistent',
      LANG: 'C.UTF-8',
      SHELL: '/bin/sh',
    },
    extendEnv: false,
    cwd: '/',
    stdin: 'pipe',
    buffer: false,
    reject: false,
  });
  whenTestEnds(async () => {
    subprocess.kill('SIGKILL');
    await subprocess;
  });
  let shown = '';
  subprocess.stdout.on('data', (chunk: Buffer) => (shown += chunk.toString()));
  return {
    waitFor: (text, times) => waitUntilShown(() => shown, text, times),
    type: (text) => void subprocess.stdin.write(text),
    finished: subprocess.then(({ exitCode }) => ({ exitCode, shown })),
  };
}

export function waitUntilShown(read: () => string, text: string, times = 1): Promise<void> {
  return vi.waitFor(
    () => {
      const shown = read();
      if (shown.split(text).length <= times) throw new Error(`The terminal does not show "${text}" but:\n${shown}`);
    },
    { timeout: 120_000, interval: 10 },
  );
}

function quote(word: string): string {
  return `'${word.replaceAll("'", String.raw`'\''`)}'`;
}
