import { setTimeout as sleep } from 'node:timers/promises';
import { startAgent, type AgentResult, type RunningAgent } from './agent.ts';
import { listDescendants } from './processes.ts';

/** What a run does one after the other, as its log tells; the first one is all that comes before the first stage. */
export interface StageTime {
  readonly name: string;
  readonly ms: number;
}

/** In which stage a run is killed, counted from 0, and after how much of the time that this stage took the last time. */
export interface KillMoment {
  readonly stage: number;
  readonly afterMs: number;
  /** The agent alone, as for want of memory; or all that it has started with it, as systemd does. */
  readonly whom: 'agent' | 'all';
}

const stageLine = /"stage":"(\w+)".*"msg":"stage begins"/;

/** Runs the agent to its end, and tells how long each of its stages took. */
export async function runTimed(args: readonly string[]): Promise<{ result: AgentResult; stages: readonly StageTime[] }> {
  const begins = [{ name: 'start', atMs: performance.now() }];
  const agent = startLogged(args, (name) => begins.push({ name, atMs: performance.now() }));
  const result = await agent.finished;
  const ends = [...begins.slice(1).map(({ atMs }) => atMs), performance.now()];
  return { result, stages: begins.map(({ name, atMs }, index) => ({ name, ms: ends[index]! - atMs })) };
}

/** Starts the agent and kills it at that moment, unless it has ended by then. */
export async function runKilled(args: readonly string[], { stage, afterMs, whom }: KillMoment): Promise<AgentResult> {
  const reached = Promise.withResolvers<void>();
  let begun = 0;
  const agent = startLogged(args, () => {
    begun += 1;
    if (begun === stage) reached.resolve();
  });
  if (stage === 0) reached.resolve();
  const isOver = agent.finished.then(() => true);
  if (
    !(await Promise.race([reached.promise.then(() => false), isOver])) &&
    !(await Promise.race([sleep(afterMs, false), isOver]))
  )
    await kill(agent, whom);
  return agent.finished;
}

function startLogged(args: readonly string[], onStage: (name: string) => void): RunningAgent {
  return startAgent([...args, '--log-level', 'debug'], {
    onStderrLine(line) {
      const name = stageLine.exec(line)?.[1];
      if (name !== undefined) onStage(name);
    },
  });
}

async function kill(agent: RunningAgent, whom: KillMoment['whom']): Promise<void> {
  if (whom === 'all') {
    // Nothing new may be started while all are looked for.
    agent.kill('SIGSTOP');
    for (const { pid } of await listDescendants(agent.pid)) killProcess(pid);
  }
  agent.kill('SIGKILL');
}

function killProcess(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // It has ended by itself.
  }
}
