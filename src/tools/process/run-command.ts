import { existsSync } from 'node:fs';
import { Socket } from 'node:net';
import type { Readable } from 'node:stream';
import { execa } from 'execa';
import type { Command, CommandResult, CommandRunner, RunningCommand } from '../../context.ts';
import { AppError } from '../../errors.ts';
import type { StandstillWatch } from '../standstill/watch.ts';
import { collectText, followLines, TextTail } from './output.ts';
import { createTermination } from './terminate.ts';
import { watchCommand } from './watch-command.ts';

const stderrTailBytes = 64 * 1024;
const killDelayMs = 10_000;
/** util-linux, there on every Debian: it asks the kernel to signal the program when its parent dies, however that dies. */
const setpriv = '/usr/bin/setpriv';

export interface CommandRunnerOptions {
  /** All that a child sees of our own environment. */
  readonly environment: Readonly<Record<string, string>>;
  /** Ends every command of `run`. */
  readonly signal: AbortSignal;
  /** Ends programs that hang; undefined: nobody does. */
  readonly watch?: StandstillWatch | undefined;
}

export function createCommandRunner(options: CommandRunnerOptions): CommandRunner {
  const start = (command: Command): RunningCommand => startCommand(command, options);
  return {
    start,
    async run(command) {
      options.signal.throwIfAborted();
      const running = start(command);
      const terminate = (): void => void running.terminate();
      options.signal.addEventListener('abort', terminate, { once: true });
      try {
        const result = await running.finished;
        options.signal.throwIfAborted();
        return result;
      } finally {
        options.signal.removeEventListener('abort', terminate);
      }
    },
  };
}

function startCommand(command: Command, { environment, watch }: CommandRunnerOptions): RunningCommand {
  const [file, args] = bindToOurLife(command);
  const delayMs = command.killDelayMs ?? killDelayMs;
  const subprocess = execa(file, args, {
    cwd: command.cwd ?? '/',
    env: { ...environment, ...command.env },
    extendEnv: false,
    reject: false,
    buffer: false,
    stripFinalNewline: false,
    detached: command.ownSession ?? false,
    forceKillAfterDelay: delayMs,
    stdio: [
      standardInput(command.stdin),
      command.stdout === 'ignore' ? 'ignore' : 'pipe',
      'pipe',
      command.secret === undefined ? 'ignore' : new TextEncoder().encode(command.secret),
    ],
  });
  const stderr = new TextTail(stderrTailBytes);
  subprocess.stderr.on('data', (chunk: Buffer) => stderr.add(chunk));
  if (command.onStderrLine !== undefined) followLines(subprocess.stderr, command.onStderrLine);
  const collected = (command.stdout ?? 'collect') === 'collect' ? collectText(subprocess.stdout!) : undefined;
  // It is looked at when the program has ended.
  collected?.catch(() => undefined);

  const termination = createTermination(subprocess, delayMs);

  const ended = (async (): Promise<CommandResult> => {
    const outcome = await subprocess;
    assertStarted(command.file, outcome, stderr.text());
    await termination.leftBehind();
    return {
      exitCode: outcome.exitCode ?? null,
      signal: outcome.signal ?? null,
      stdout: (await collected) ?? '',
      stderr: stderr.text(),
    };
  })();
  const givenUp = termination.givenUp.then(() => ({ exitCode: null, signal: 'SIGKILL', stdout: '', stderr: stderr.text() }));
  const finished = Promise.race([ended, givenUp]).finally(() => termination.over());
  // Whoever started it awaits it later; until then a failure to start must not count as unhandled.
  finished.catch(() => undefined);
  const running: RunningCommand = {
    pid: subprocess.pid,
    stdout: command.stdout === 'pipe' ? subprocess.stdout! : undefined,
    finished,
    async terminate(signal = 'SIGTERM') {
      termination.begin(signal);
      await finished.catch(() => undefined);
    },
  };
  if (watch !== undefined && command.idles !== true) watchCommand(watch, command, running);
  return running;
}

/** The output of another child goes to this one directly, as in a shell's pipe; any other stream passes through this process. */
function standardInput(stream: Readable | undefined): 'ignore' | Socket | [Readable, 'pipe'] {
  if (stream === undefined) return 'ignore';
  return stream instanceof Socket ? stream : [stream, 'pipe'];
}

/** A child must not outlive us: a pg_dump without its agent holds a snapshot, a borg waits at a pipe for ever. */
function bindToOurLife(command: Command): [string, readonly string[]] {
  if (!existsSync(setpriv)) return [command.file, command.args];
  return [setpriv, ['--pdeathsig', 'TERM', '--', command.file, ...command.args]];
}

function assertStarted(
  file: string,
  outcome: { exitCode?: number | undefined; code?: string | undefined },
  stderr: string,
): void {
  const missing = outcome.code === 'ENOENT' || (outcome.exitCode === 127 && stderr.startsWith('setpriv:'));
  if (!missing) return;
  throw new AppError('tool_missing', `The program ${file} is not installed.`, {
    hint: 'Install it (Debian: apt install borgbackup postgresql-client) and try again; `agent doctor` checks everything.',
  });
}
