import { EventEmitter } from 'node:events';
import { createInterface } from 'node:readline';
import { PassThrough, Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { runCli, type Surroundings } from '../../src/cli/run.ts';
import { main, toResult, type AgentOptions, type RunningAgent } from './agent.ts';
import { whenTestEnds } from './cleanup.ts';

export interface AgentHereOptions extends AgentOptions {
  /** A terminal, which the three streams are then connected to; its text goes to stdout and stderr of the result as well. */
  readonly terminal?: { readonly stdin: PassThrough; onShown(text: string): void };
}

/**
 * Runs `agent ARGS` in the process of the test, from its command line to its exit code: what starts it, and what ends it at once, is for tests
 * with a process of its own (test/e2e). If it still runs when the test is over, it is asked to end.
 */
export function runAgentHere(args: readonly string[], options: AgentHereOptions = {}): RunningAgent {
  const signals = new EventEmitter();
  const [stdout, stderr] = [createOutput(options), createOutput(options)];
  if (options.onStderrLine !== undefined) createInterface({ input: stderr }).on('line', options.onStderrLine);
  const variables = options.env ?? {};
  const surroundings = {
    env: { PATH: process.env['PATH'] ?? '/usr/bin:/bin', LANG: 'C.UTF-8', HOME: '/nonexistent', ...variables },
    cwd: () => options.cwd ?? '/',
    getuid: process.getuid,
    execPath: process.execPath,
    stdin: options.terminal?.stdin ?? Readable.from([options.input ?? '']),
    stdout,
    stderr,
    on: (signal: string, listener: () => void) => signals.on(signal, listener),
    exit: () => {
      throw new Error('The agent would have ended its process.');
    },
  } as unknown as Surroundings;
  const collected = Promise.all([text(stdout), text(stderr)]);
  const ended = withVariables(variables, () => runCli([process.execPath, main, ...args], surroundings)).finally(() => {
    stdout.end();
    stderr.end();
  });
  const finished = ended.then(async (exitCode) => toResult(exitCode, ...(await collected)));
  let isOver = false;
  void finished.catch(() => undefined).finally(() => (isOver = true));
  const kill = (signal: NodeJS.Signals): void => void signals.emit(signal);
  whenTestEnds(async () => {
    if (!isOver) kill('SIGTERM');
    await finished;
  });
  return { pid: process.pid, kill, finished };
}

function createOutput({ terminal }: AgentHereOptions): PassThrough {
  const stream = new PassThrough();
  if (terminal !== undefined) {
    Object.assign(stream, { isTTY: true, columns: 100, rows: 24, getColorDepth: () => 8, hasColors: () => true });
    stream.on('data', (chunk: Buffer) => terminal.onShown(chunk.toString()));
  }
  return stream;
}

/** What commander reads of the environment it reads of this process, before anything is waited for. */
function withVariables<Result>(variables: Readonly<Record<string, string>>, work: () => Result): Result {
  const before = { ...process.env };
  Object.assign(process.env, variables);
  try {
    return work();
  } finally {
    for (const name of Object.keys(variables)) {
      if (before[name] === undefined) delete process.env[name];
      else process.env[name] = before[name];
    }
  }
}
