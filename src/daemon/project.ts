import type { ProjectConfig } from '../config/project-config.ts';
import { expectBackups, type ExpectedBackups } from '../domain/expected-backups.ts';
import type { Schedule } from '../domain/schedule/parse.ts';

/** What the agent does for a project: a whole backup, one of the database alone, a verification of the newest one, or a rehearsed restore. */
export type JobKind = 'backup' | 'database' | 'verify' | 'drill';

export interface JobPlan {
  readonly kind: JobKind;
  readonly schedule: Schedule;
  /** By how much each run is put off at most. */
  readonly jitterMs: number;
}

/** A project as the agent keeps it in mind: without a secret. */
export interface ScheduledProject {
  /** Of its env file, without .env: what people call it. */
  readonly name: string;
  /** PROJECT_NAME, which may be another. */
  readonly project: string;
  readonly stateDirectory: string;
  readonly plans: readonly JobPlan[];
  readonly retryDelayMs: number;
  readonly retryLimit: number;
  /** BORG_REPO. */
  readonly repositoryLocation: string;
  readonly expected: ExpectedBackups;
}

export function toScheduledProject(name: string, config: ProjectConfig): ScheduledProject {
  const { backup, verify, drill, jitterMs, retryDelayMs, retryLimit } = config.schedule;
  const expected = expectBackups(config);
  const { storageSchedule: storage } = expected;
  const wanted: readonly (readonly [JobKind, Schedule | undefined])[] =
    storage !== undefined
      ? [
          ['database', backup],
          ['backup', storage],
          ['verify', verify],
          ['drill', drill],
        ]
      : [
          ['backup', backup],
          ['verify', verify],
          ['drill', drill],
        ];
  return {
    name,
    project: config.project,
    stateDirectory: config.stateDirectory,
    plans: wanted.flatMap(([kind, schedule]) =>
      schedule === undefined ? [] : [{ kind, schedule, jitterMs: jitterMs ?? schedule.defaultJitterMs }],
    ),
    retryDelayMs,
    retryLimit,
    repositoryLocation: config.repository.location,
    expected,
  };
}

/** What a change of its file means for a project, for people: empty when nothing that the agent keeps in mind has changed. */
export function describeChange(before: ScheduledProject, after: ScheduledProject): string[] {
  const kinds = [...new Set([...before.plans, ...after.plans].map(({ kind }) => kind))];
  const plans = kinds.flatMap((kind) => {
    const [old, now] = [before, after].map(({ plans: all }) => describePlan(all.find((plan) => plan.kind === kind)));
    return old === now ? [] : [`${kind}: ${old} -> ${now}`];
  });
  const retries = [before, after].map(({ retryDelayMs, retryLimit }) => `${retryLimit} after ${retryDelayMs / 1000} s each`);
  const names = [before, after].map(({ project }) => project);
  return [
    ...plans,
    ...(retries[0] === retries[1] ? [] : [`retries: ${retries.join(' -> ')}`]),
    ...(names[0] === names[1] ? [] : [`PROJECT_NAME: ${names.join(' -> ')}`]),
  ];
}

export function describePlan(plan: JobPlan | undefined): string {
  if (plan === undefined) return 'off';
  const { schedule, jitterMs } = plan;
  return `${schedule.text} (${schedule.timeZone}${jitterMs === 0 ? '' : `, up to ${jitterMs / 1000} s later`})`;
}
