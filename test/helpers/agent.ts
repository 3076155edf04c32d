import { constants } from 'node:os';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { execa } from 'execa';
import { inject } from 'vitest';
import { whenTestEnds } from './cleanup.ts';

/** The agent's program. */
export const main = fileURLToPath(new URL('../../src/main.ts', import.meta.url));

export interface AgentOptions {
  /** Added to PATH, LANG and a HOME that does not exist: nothing else of the tests' own environment gets in. */
  readonly env?: Readonly<Record<string, string>>;
  readonly cwd?: string;
  /** Its standard input, empty unless given; never a terminal. */
  readonly input?: string;
  /** Called with every line of its stderr as it comes: with `--log-level debug` a line at the beginning of every stage. */
  readonly onStderrLine?: (line: string) => void;
}

export interface AgentResult {
  /** 128 and the signal's number when one ended it, as a shell would say. */
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
  /** Stdout as the one JSON document that it must be. */
  json<Document>(): Document;
}

export interface RunningAgent {
  readonly pid: number;
  kill(signal: NodeJS.Signals): void;
  readonly finished: Promise<AgentResult>;
}

declare module 'vitest' {
  export interface ProvidedContext {
    /** Where `runAgent` has the agent run: vitest.config.ts says so for each project. */
    agentRuns: 'as a process' | 'in the test';
  }
}

/** Runs `agent ARGS`, as a process of its own or in the one of the test; how that ends is for the test to judge. */
export async function runAgent(args: readonly string[], options: AgentOptions = {}): Promise<AgentResult> {
  if (inject('agentRuns') === 'as a process') return startAgent(args, options).finished;
  const { runAgentHere } = await import('./agent-here.ts');
  return runAgentHere(args, options).finished;
}

/** Of stdout, the one JSON document that it must be. */
export function toResult(exitCode: number, stdout: string, stderr: string): AgentResult {
  return { exitCode, stdout, stderr, json: <Document>() => JSON.parse(stdout) as Document };
}

/** Starts `agent ARGS` as a process of its own. If it still runs when the test is over, it is killed. */
export function startAgent(args: readonly string[], options: AgentOptions = {}): RunningAgent {
  const subprocess = execa(process.execPath, ['--', main, ...args], {
    env: { PATH: process.env['PATH'] ?? '/usr/bin:/bin', LANG: 'C.UTF-8', HOME: '/nonexistent', ...options.env },
    extendEnv: false,
    cwd: options.cwd ?? '/',
    input: options.input ?? '',
    stripFinalNewline: false,
    reject: false,
  });
  if (options.onStderrLine !== undefined) {
    createInterface({ input: subprocess.stderr }).on('line', options.onStderrLine);
  }
  whenTestEnds(async () => {
    subprocess.kill('SIGKILL');
    await subprocess;
  });
  const finished = subprocess.then(({ exitCode, signal, stdout, stderr }) =>
    toResult(exitCode ?? 128 + constants.signals[signal as NodeJS.Signals], stdout, stderr),
  );
  return { pid: subprocess.pid!, kill: (signal) => void subprocess.kill(signal), finished };
}
