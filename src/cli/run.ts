import { homedir } from 'node:os';
import { CommanderError, type Command } from 'commander';
import { isJournal } from '../compose-log.ts';
import { exitCodes, type ExitCode } from '../domain/exit-code.ts';
import { cancelReason } from '../errors.ts';
import { createOutput, type Output } from './output.ts';
import { createProgram } from './program.ts';
import { createTerminalProgress, silentProgress } from './progress.ts';
import { ask, askPassword } from './prompt.ts';
import { createScreen } from './screen.ts';
import type { Shell } from './shell.ts';
import { toAppError } from './to-app-error.ts';

/** Runs one command line and answers its exit code: the boundary where every error becomes a message. */
export async function runCli(argv: readonly string[]): Promise<ExitCode> {
  outliveLogrotate();
  const output = createOutput(argv.includes('--json'), isJournal(process.env));
  let exitCode: ExitCode = exitCodes.ok;
  const shell = createShell(output, argv[1] ?? '', (code) => (exitCode = code));
  const program = createProgram(shell);
  redirectUsageErrors(program, output.json);
  try {
    await program.parseAsync([...argv]);
    return exitCode;
  } catch (error) {
    shell.progress.end();
    if (error instanceof CommanderError && error.exitCode === 0) return exitCodes.ok;
    const failure = toAppError(error, shell.signal);
    output.failure(argv[2] ?? '', failure);
    return failure.exitCode;
  }
}

/** As in the first line of main.ts: they keep the process small (ADR 10). */
const nodeOptions = ['--max-semi-space-size=4', '--heap-growing-percent=40', '--'];

function createShell(output: Output, main: string, exitWith: (code: ExitCode) => void): Shell {
  const hangup: Hangup = { listener: undefined };
  const interactive = process.stdin.isTTY && process.stderr.isTTY;
  return {
    environment: process.env,
    workingDirectory: process.cwd(),
    homeDirectory: homedir(),
    isRoot: process.getuid?.() === 0,
    program: [process.execPath, ...nodeOptions, main],
    attended: interactive,
    signal: abortOnSignals(hangup, interactive),
    onHangup: (listener) => (hangup.listener = listener),
    output,
    screen: createScreen(process.stdout, process.env['TERM']),
    progress: process.stderr.isTTY && !output.json ? createTerminalProgress(process.stderr) : silentProgress,
    openBinaryOutput: () => (process.stdout.isTTY ? undefined : process.stdout),
    askPassword: interactive ? askPassword : undefined,
    ask: interactive ? ask : undefined,
    exitWith,
  };
}

/** logrotate's signal, which a log takes that is open, must not end a process that has none. */
function outliveLogrotate(): void {
  process.on('SIGUSR2', () => undefined);
}

interface Hangup {
  /** What SIGHUP does instead of ending the command. */
  listener: (() => void) | undefined;
}

/**
 * The first signal asks the run to end in order; the second one does not wait for that. Systems end what runs by SIGTERM: who sends SIGINT to
 * a run that nobody looks at, as `agent cancel` does, knows what he has done.
 */
function abortOnSignals(hangup: Hangup, interactive: boolean): AbortSignal {
  const controller = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.on(signal, () => {
      if (signal === 'SIGHUP' && hangup.listener !== undefined) {
        hangup.listener();
        return;
      }
      if (controller.signal.aborted) process.exit(exitCodes.interrupted);
      controller.abort(signal === 'SIGINT' && !interactive ? cancelReason : new Error(`received ${signal}`));
    });
  }
  return controller.signal;
}

function redirectUsageErrors(command: Command, json: boolean): void {
  command.exitOverride();
  if (json) command.configureOutput({ writeErr: () => undefined });
  else command.configureOutput({ outputError: () => undefined });
  for (const subcommand of command.commands) redirectUsageErrors(subcommand, json);
}
