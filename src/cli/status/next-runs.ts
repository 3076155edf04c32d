import type { StatusTools } from '../../composition.ts';
import type { Clock } from '../../context.ts';
import type { AgentProject, AgentStatus } from '../../domain/control.ts';
import { messageOf } from '../../errors.ts';
import { askAgentIfAny, type ServiceOptions } from '../service.ts';
import type { Shell } from '../shell.ts';

/** When a backup comes next, and who says so. */
export interface NextRun {
  /** `backup`, or `database` for one without Storage. */
  readonly kind: string;
  readonly at: Date;
  readonly from: 'agent' | 'systemd';
}

/** What those know who start runs. */
export interface Starters {
  /** The long-running agent; undefined where none runs, or may be asked. */
  readonly agent: AgentStatus | undefined;
  /** Why the agent could not be asked, though it runs. */
  readonly agentProblem: string | undefined;
  /** systemd's timers, by their units. */
  readonly timers: ReadonlyMap<string, Date>;
}

/** Asks the long-running agent. One that cannot tell is no reason to keep the rest back. */
export async function askForStatus(shell: Shell, options: ServiceOptions): Promise<Pick<Starters, 'agent' | 'agentProblem'>> {
  try {
    const answer = await askAgentIfAny(shell, options, { request: 'status' });
    return { agent: answer?.status, agentProblem: undefined };
  } catch (error) {
    return { agent: undefined, agentProblem: messageOf(error) };
  }
}

const timerPatterns = ['supabase-backup@*.timer', 'supabase-backup.timer'];
const timersKeptMs = 30_000;

/** Asks systemd for its timers, and not again within half a minute: each time is a process. */
export function createTimerSource(tools: {
  readonly clock: Pick<Clock, 'monotonicMs'>;
  readonly listTimers: StatusTools['listTimers'];
}): () => Promise<ReadonlyMap<string, Date>> {
  let kept: { readonly timers: ReadonlyMap<string, Date>; readonly atMs: number } | undefined;
  return async () => {
    const nowMs = tools.clock.monotonicMs();
    if (kept === undefined || nowMs - kept.atMs > timersKeptMs) {
      kept = { timers: await tools.listTimers(timerPatterns), atMs: nowMs };
    }
    return kept.timers;
  };
}

/** What the agent says of a project: by the name of its env file, or, where that lies elsewhere, by its PROJECT_NAME. */
export function findAgentProject(
  agent: Pick<AgentStatus, 'projects'> | undefined,
  { name, project }: { readonly name: string; readonly project: string },
): AgentProject | undefined {
  const same = agent?.projects.filter((one) => one.project === project) ?? [];
  return same.find((one) => one.name === name) ?? same[0];
}

/** The next backup: as the agent has planned it, if it looks after the project, else as systemd's timer has. */
export function findNext(
  name: string,
  known: AgentProject | undefined,
  timers: ReadonlyMap<string, Date>,
): NextRun | undefined {
  const planned = (known?.next ?? [])
    .filter(({ kind }) => kind !== 'verify' && kind !== 'drill')
    .map(({ kind, at }): NextRun => ({ kind, at: new Date(at), from: 'agent' }))
    .toSorted((a, b) => a.at.getTime() - b.at.getTime());
  if (planned[0] !== undefined) return planned[0];
  const units = [`supabase-backup@${name}.timer`, ...(name === 'default' ? ['supabase-backup.timer'] : [])];
  const at = units.map((unit) => timers.get(unit)).find((time) => time !== undefined);
  return at === undefined ? undefined : { kind: 'backup', at, from: 'systemd' };
}
