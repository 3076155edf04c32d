import {
  controlRequestSchema,
  controlVersion,
  type AgentProject,
  type AgentStatus,
  type ControlAnswer,
} from '../domain/control.ts';
import { AppError, messageOf } from '../errors.ts';
import type { ActiveRun, ProjectState, Scheduler } from './scheduler.ts';

export interface ControlPorts {
  readonly scheduler: Pick<Scheduler, 'states' | 'runNow' | 'cancel'>;
  /** Files that cannot be used, and why. */
  readonly problems: () => ReadonlyMap<string, string>;
  readonly about: Omit<AgentStatus, 'projects'>;
}

/** Answers one line of the control socket. Never rejects. */
export async function answerControl(line: string, ports: ControlPorts): Promise<string> {
  const answer: ControlAnswer = { version: controlVersion, ...(await answerRequest(line, ports).catch(toError)) };
  return JSON.stringify(answer);
}

async function answerRequest(
  line: string,
  { scheduler, problems, about }: ControlPorts,
): Promise<Omit<ControlAnswer, 'version'>> {
  const request = parseRequest(line);
  if (request.request === 'cancel') return { cancelled: describeActive(await scheduler.cancel(request.project)) };
  if (request.request === 'run-now') {
    scheduler.runNow(request.project, request.kind);
    return {};
  }
  const states = scheduler.states();
  const known = new Set(states.map(({ project }) => project.name));
  const broken = [...problems()].filter(([name]) => !known.has(name));
  const projects = [...states.map((state) => describeState(state, problems())), ...broken.map(describeBroken)];
  return { status: { ...about, projects: projects.toSorted((a, b) => (a.name < b.name ? -1 : 1)) } };
}

function parseRequest(line: string) {
  try {
    return controlRequestSchema.parse(JSON.parse(line));
  } catch (error) {
    throw new AppError('usage', 'The agent does not understand this request. Nothing was done.', {
      hint: 'Are the command and the running agent of the same version? Restart the service after an update.',
      cause: error,
    });
  }
}

function toError(error: unknown): Omit<ControlAnswer, 'version'> {
  if (!(error instanceof AppError)) return { error: { code: 'failed', message: messageOf(error), hint: 'Look at its log.' } };
  const { code, message, hint } = error;
  return { error: { code, message, hint } };
}

function describeState({ project, running, jobs, last }: ProjectState, problems: ReadonlyMap<string, string>): AgentProject {
  return {
    name: project.name,
    project: project.project,
    running: running === undefined ? null : describeActive(running),
    next: [...jobs]
      .filter(([, { dueAtMs }]) => dueAtMs !== Infinity)
      .toSorted(([, a], [, b]) => a.dueAtMs - b.dueAtMs)
      .map(([kind, { dueAtMs, reason, retries }]) => ({ kind, at: new Date(dueAtMs).toISOString(), reason, retry: retries })),
    last:
      last === undefined
        ? null
        : {
            kind: last.kind,
            endedAt: last.endedAt.toISOString(),
            result: last.result,
            errorCode: last.errorCode ?? null,
            message: last.message ?? null,
          },
    problem: problems.get(project.name) ?? null,
  };
}

function describeBroken([name, problem]: [string, string]): AgentProject {
  return { name, project: null, running: null, next: [], last: null, problem };
}

function describeActive({ kind, startedAt, pid, stage, progress }: ActiveRun): NonNullable<AgentProject['running']> {
  return { kind, startedAt: startedAt.toISOString(), pid: pid ?? null, stage: stage ?? null, progress: progress ?? null };
}
