import type { AgentProject, AgentStatus } from '../domain/control.ts';
import { printable } from '../domain/printable.ts';
import { formatTime } from './output.ts';

/** What the running agent says of a project, for people. */
export function describeAgent(agent: AgentStatus, projectName: string): string[] {
  const project = agent.projects.find((one) => one.project === projectName);
  const since = `The agent (process ${agent.pid}) runs since ${formatTime(new Date(agent.startedAt))}`;
  if (project === undefined) return [`${since}, but does not look after this project.`, ...describeBroken(agent)];
  return [
    `${since}.`,
    ...describeRunning(project),
    ...project.next.map(
      ({ kind, at, reason, retry }) => `Next ${kind}: ${formatTime(new Date(at))}${describeReason(reason, retry)}.`,
    ),
    ...(project.next.length === 0 ? ['Nothing is scheduled.'] : []),
    ...(project.problem === null ? [] : [`Its file cannot be used any more: ${project.problem}`]),
  ];
}

function describeRunning({ running }: AgentProject): string[] {
  if (running === null) return [];
  const progress = typeof running.progress === 'string' ? ` (${printable(running.progress)})` : '';
  const stage = running.stage === null ? '' : `, now at ${printable(running.stage)}${progress}`;
  return [`It runs a ${running.kind} since ${formatTime(new Date(running.startedAt))}${stage}.`];
}

function describeReason(reason: string, retry: number): string {
  if (reason === 'retry') return ` (try ${retry + 1}, after a failure)`;
  if (reason === 'missed') return ' (for one that was missed)';
  return reason === 'asked' ? ' (as asked for)' : '';
}

function describeBroken({ projects }: AgentStatus): string[] {
  return projects.flatMap(({ name, project, problem }) =>
    project === null && problem !== null ? [`It cannot use the file of ${name}: ${problem}`] : [],
  );
}
