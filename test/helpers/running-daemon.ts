import { join } from 'node:path';
import { vi } from 'vitest';
import { runAgent, startAgent, type AgentResult, type RunningAgent } from './agent.ts';

/** `agent daemon` over the env files of one directory, and what it has logged so far. */
export interface RunningDaemon {
  readonly agent: RunningAgent;
  readonly socket: string;
  /** Every line of its log, as objects. */
  readonly lines: readonly Record<string, unknown>[];
  /** The next line with this message and these fields after the one that was last asked for. */
  line(message: string, fields?: Record<string, unknown>): Promise<Record<string, unknown>>;
  /** Another command that asks it. */
  ask(...args: string[]): Promise<AgentResult>;
}

/** Starts it as a process of its own. */
export function startDaemon(directory: string, ...args: string[]): RunningDaemon {
  return watchDaemon(startAgent, directory, args);
}

/** `start` has `agent ARGS` run. */
export function watchDaemon(start: typeof startAgent, directory: string, args: readonly string[]): RunningDaemon {
  const socket = join(directory, 'agent.sock');
  const lines: Record<string, unknown>[] = [];
  let seen = 0;
  const agent = start(['daemon', '--log-level', 'debug', '--projects-directory', directory, '--socket', socket, ...args], {
    onStderrLine: (line) => void (line.startsWith('{') && lines.push(JSON.parse(line) as Record<string, unknown>)),
  });
  return {
    agent,
    socket,
    lines,
    line: (message, fields = {}) =>
      vi.waitFor(
        () => {
          const wanted = Object.entries({ msg: message, ...fields });
          const index = lines.findIndex((line, at) => at >= seen && wanted.every(([name, value]) => line[name] === value));
          if (index < 0) throw new Error(`The agent has not said: ${message}\n${JSON.stringify(lines, null, 1)}`);
          seen = index + 1;
          return lines[index]!;
        },
        { timeout: 120_000, interval: 5 },
      ),
    ask: (...command) => runAgent([...command, '--socket', socket]),
  };
}
