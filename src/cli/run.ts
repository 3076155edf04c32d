import { homedir } from 'node:os';
import { CommanderError, type Command } from 'commander';
import { isJournal } from '../compose-log.ts';
import { exitCodes, type ExitCode } from '../domain/exit-code.ts';
import { cancelReason } from '../errors.ts';
import { createOutput, type Output } from './output.ts';
import { createProgram } from './program.ts';
import { createTerminalProgress, silentProgress } from './progress.ts';
import { createPrompt } from './prompt.ts';
import { createScreen } from './screen.ts';
import type { Shell } from './shell.ts';
import { toAppError } from './to-app-error.ts';

/** The process that a command line runs in. In tests several of them run in one. */
export type Surroundings = Pick<
  NodeJS.Process,
  'env' | 'cwd' | 'getuid' | 'execPath' | 'stdin' | 'stdout' | 'stderr' | 'on' | 'exit'
>;

/** Runs one command line and answers its exit code: the boundary where every error becomes a message. */
export async function runCli(argv: readonly string[], surroundings: Surroundings = process): Promise<ExitCode> {
  outliveLogrotate(surroundings);
  const output = createOutput(argv.includes('--json'), isJournal(surroundings.env), surroundings);
  let exitCode: ExitCode = exitCodes.ok;
  const shell = createShell(surroundings, { output, main: argv[1] ?? '', exitWith: (code) => (exitCode = code) });
  const program = createProgram(shell);
  redirectUsageErrors(program, surroundings, output.json);
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

function createShell(surroundings: Surroundings, { output, main, exitWith }: ShellParts): Shell {
  const { env, stdin, stdout, stderr } = surroundings;
  const hangup: Hangup = { listener: undefined };
  const interactive = stdin.isTTY && stderr.isTTY;
  const { ask, askPassword, readStandardInput } = createPrompt({ stdin, stderr });
  return {
    environment: env,
    workingDirectory: surroundings.cwd(),
    homeDirectory: env['HOME'] ?? homedir(),
    isRoot: surroundings.getuid?.() === 0,
    program: [surroundings.execPath, ...nodeOptions, main],
    attended: interactive,
    signal: abortOnSignals(surroundings, hangup, interactive),
    onHangup: (listener) => (hangup.listener = listener),
    output,
    stderr,
    screen: createScreen(stdout, env['TERM']),
    progress: stderr.isTTY && !output.json ? createTerminalProgress(stderr) : silentProgress,
    openBinaryOutput: () => (stdout.isTTY ? undefined : stdout),
    readStandardInput,
    askPassword: interactive ? askPassword : undefined,
    ask: interactive ? ask : undefined,
    exitWith,
  };
}

interface ShellParts {
  readonly output: Output;
  /** The path of main.ts. */
  readonly main: string;
  readonly exitWith: (code: ExitCode) => void;
}

/** logrotate's signal, which a log takes that is open, must not end a process that has none. */
function outliveLogrotate(surroundings: Surroundings): void {
  surroundings.on('SIGUSR2', () => undefined);
}

interface Hangup {
  /** What SIGHUP does instead of ending the command. */
  listener: (() => void) | undefined;
}

/**
 * The first signal asks the run to end in order; the second one does not wait for that. Systems end what runs by SIGTERM: who sends SIGINT to
 * a run that nobody looks at, as `agent cancel` does, knows what he has done.
 */
function abortOnSignals(surroundings: Surroundings, hangup: Hangup, interactive: boolean): AbortSignal {
  const controller = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    surroundings.on(signal, () => {
      if (signal === 'SIGHUP' && hangup.listener !== undefined) {
        hangup.listener();
        return;
      }
      if (controller.signal.aborted) surroundings.exit(exitCodes.interrupted);
      controller.abort(signal === 'SIGINT' && !interactive ? cancelReason : new Error(`received ${signal}`));
    });
  }
  return controller.signal;
}

function redirectUsageErrors(command: Command, surroundings: Surroundings, json: boolean): void {
  command.exitOverride();
  command.configureOutput({
    writeOut: (text) => void surroundings.stdout.write(text),
    writeErr: (text) => void (json || surroundings.stderr.write(text)),
    ...(json ? {} : { outputError: () => undefined }),
  });
  for (const subcommand of command.commands) redirectUsageErrors(subcommand, surroundings, json);
}
