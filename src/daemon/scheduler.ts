import type { Clock, RunContext } from '../context.ts';
import { AppError, messageOf } from '../errors.ts';
import { planAfter, planFirst, planNext, type Job, type Moment } from './job.ts';
import { describeChange, describePlan, type JobKind, type JobPlan, type ScheduledProject } from './project.ts';
import type { RunHistory, RunOutcome, RunStarter, StartedRun } from './run.ts';

export interface SchedulerPorts {
  readonly clock: Clock;
  readonly log: RunContext['log'];
  readonly starter: RunStarter;
  readonly history: RunHistory;
  /** From 0 to 1. */
  readonly random: () => number;
  /** How many projects may have a run at a time. */
  readonly maxConcurrent: number;
  /** Called when a run begins, enters a stage or ends. */
  readonly onChange: () => void;
}

export interface ActiveRun {
  readonly kind: JobKind;
  readonly startedAt: Date;
  pid: number | undefined;
  stage: string | undefined;
  /** What it does there, as it has said last. */
  progress: string | undefined;
}

export interface EndedRun extends Pick<RunOutcome, 'result' | 'errorCode' | 'message'> {
  readonly kind: JobKind;
  readonly endedAt: Date;
}

/** What is known of a project at this moment. */
export interface ProjectState {
  readonly project: ScheduledProject;
  readonly running: ActiveRun | undefined;
  readonly jobs: ReadonlyMap<JobKind, Job>;
  readonly last: EndedRun | undefined;
}

interface Entry {
  project: ScheduledProject;
  jobs: Map<JobKind, Job>;
  active: { readonly run: StartedRun; readonly info: ActiveRun } | undefined;
  last: EndedRun | undefined;
  /** Its file is gone: it goes when its run has ended. */
  removed: boolean;
}

/** No wait is longer: clocks are set, and machines sleep. */
const longestWaitMs = 60_000;
/** A clock that goes back by more than that was wrong before, and so are the times that were worked out by it. */
const setBackMs = 5 * 60_000;

/** Starts runs when they are due. Never two of a project at a time, and never more than `maxConcurrent`. */
export class Scheduler {
  readonly #ports: SchedulerPorts;
  readonly #entries = new Map<string, Entry>();
  #wake = new AbortController();
  #stopped = false;
  #lastNowMs = -Infinity;
  /** By the monotonic clock: when it last looked at what is due. */
  lastLookMs = -Infinity;

  constructor(ports: SchedulerPorts) {
    this.#ports = ports;
  }

  /** Takes a project in, or what has changed of one; says what that is. */
  put(project: ScheduledProject): string[] {
    const entry = this.#entries.get(project.name);
    if (entry === undefined) {
      const jobs = new Map(project.plans.map((plan) => [plan.kind, this.#planFirst(project, plan)]));
      this.#entries.set(project.name, { project, jobs, active: undefined, last: undefined, removed: false });
      this.#wake.abort();
      return project.plans.map((plan) => `${plan.kind}: ${describePlan(plan)}`);
    }
    const changes = describeChange(entry.project, project);
    const isSame = (plan: JobPlan): boolean =>
      describePlan(entry.project.plans.find(({ kind }) => kind === plan.kind)) === describePlan(plan);
    entry.jobs = new Map(
      project.plans.map((plan) => [plan.kind, isSame(plan) ? entry.jobs.get(plan.kind)! : planNext(plan, this.#moment())]),
    );
    entry.project = project;
    entry.removed = false;
    this.#wake.abort();
    return changes;
  }

  /** Forgets a project; a run of it goes on to its end. */
  remove(name: string): void {
    const entry = this.#entries.get(name);
    if (entry === undefined) return;
    if (entry.active === undefined) this.#entries.delete(name);
    else entry.removed = true;
  }

  /** Runs until it is stopped. */
  async run(): Promise<void> {
    while (!this.#stopped) {
      this.#wake = new AbortController();
      this.#startDue();
      const waitMs = Math.max(0, Math.min(longestWaitMs, this.#nextDueMs() - this.#nowMs()));
      await this.#ports.clock.sleep(waitMs, this.#wake.signal).catch(() => undefined);
    }
  }

  /** Starts nothing any more; what runs goes on. */
  stop(): void {
    this.#stopped = true;
    this.#wake.abort();
  }

  /** Has a run begin as soon as there is room for it. Throws AppError usage, locked. */
  runNow(name: string, kind: JobKind): void {
    const entry = this.#find(name);
    if (entry.active !== undefined) {
      throw new AppError('locked', `A ${entry.active.info.kind} of ${name} is going on already. It was not disturbed.`, {
        hint: 'Wait until it ends (`agent status` shows it), or end it: agent cancel NAME.',
        retryable: true,
      });
    }
    const plan = entry.project.plans.find((one) => one.kind === kind);
    entry.jobs.set(kind, { plan, dueAtMs: this.#nowMs(), reason: 'asked', retries: 0 });
    this.#wake.abort();
  }

  /** Asks the run of a project to end, because a person wants that; resolves when it has. Throws AppError usage when there is none. */
  async cancel(name: string): Promise<ActiveRun> {
    const { active } = this.#find(name);
    if (active === undefined) {
      throw new AppError('usage', `No run of ${name} is going on that this agent has started. Nothing was done.`, {
        hint: '`agent status` shows what runs; what a timer or a person has started is ended there.',
      });
    }
    await active.run.end('cancel');
    return active.info;
  }

  /** Asks all runs to end; resolves when they have. */
  async endAll(): Promise<void> {
    const runs = [...this.#entries.values()].flatMap(({ active }) => active?.run ?? []);
    await Promise.all(runs.map((run) => run.end('shutdown')));
  }

  states(): ProjectState[] {
    return [...this.#entries.values()].map(({ project, jobs, active, last }) => ({
      project,
      jobs,
      last,
      running: active?.info,
    }));
  }

  #startDue(): void {
    this.lastLookMs = this.#ports.clock.monotonicMs();
    this.#mindClock();
    const nowMs = this.#nowMs();
    const due = [...this.#entries.values()]
      .filter(({ active, removed }) => active === undefined && !removed)
      .flatMap((entry) => [...entry.jobs].map(([kind, job]) => ({ entry, kind, job })))
      .filter(({ job }) => job.dueAtMs <= nowMs)
      .toSorted((a, b) => a.job.dueAtMs - b.job.dueAtMs);
    for (const { entry, kind, job } of due) {
      if (this.#stopped || this.#countActive() >= this.#ports.maxConcurrent) return;
      // What began before it in this loop may have been of the same project, or have made up for it.
      if (entry.active === undefined && entry.jobs.get(kind) === job) this.#start(entry, kind, job);
    }
  }

  #start(entry: Entry, kind: JobKind, job: Job): void {
    const { clock, log, onChange, starter } = this.#ports;
    const { name } = entry.project;
    const startedAt = clock.now();
    log.info(
      { project: name, job: kind, reason: job.reason, ...(job.retries === 0 ? {} : { retry: job.retries }) },
      'run begins',
    );
    const info: ActiveRun = { kind, startedAt, pid: undefined, stage: undefined, progress: undefined };
    const run = starter.start(entry.project, kind, ({ stage, progress }) => {
      // What was said of the last stage is over with it.
      if (stage !== undefined && stage !== info.stage) info.progress = undefined;
      info.stage = stage ?? info.stage;
      info.progress = progress ?? info.progress;
      onChange();
    });
    info.pid = run.pid;
    entry.active = { run, info };
    // A whole backup holds the database, too.
    const database = entry.jobs.get('database');
    if (kind === 'backup' && database !== undefined && database.dueAtMs <= startedAt.getTime()) {
      entry.jobs.set('database', planNext(database.plan, this.#moment()));
    }
    onChange();
    void run.finished.then((outcome) => this.#settle(entry, { kind, job, startedAt }, outcome));
  }

  #settle(entry: Entry, { kind, job, startedAt }: { kind: JobKind; job: Job; startedAt: Date }, outcome: RunOutcome): void {
    const { clock, log, onChange } = this.#ports;
    const { project } = entry;
    const endedAt = clock.now();
    // The schedule may have changed meanwhile.
    const plan = project.plans.find((one) => one.kind === kind);
    const next = planAfter({ ...job, plan }, outcome, { ...this.#moment(), ...project });
    if (next.dueAtMs === Infinity) entry.jobs.delete(kind);
    else entry.jobs.set(kind, next);
    entry.active = undefined;
    const { result, errorCode, message, exitCode } = outcome;
    entry.last = { kind, endedAt, result, errorCode, message };
    if (entry.removed) this.#entries.delete(project.name);
    const fields = {
      project: project.name,
      job: kind,
      result,
      exitCode,
      durationMs: endedAt.getTime() - startedAt.getTime(),
      ...(message === undefined ? {} : { errorCode, reason: message }),
      ...(next.dueAtMs === Infinity ? {} : { next: new Date(next.dueAtMs).toISOString(), nextReason: next.reason }),
    };
    if (result === 'failed') log.error(fields, 'run failed');
    else if (result === 'complete') log.info(fields, 'run ended');
    else log.warn(fields, `run ${result}`);
    onChange();
    this.#wake.abort();
  }

  /** Times worked out by a clock that was ahead would let runs wait for as long as that. */
  #mindClock(): void {
    const nowMs = this.#nowMs();
    if (nowMs < this.#lastNowMs - setBackMs) {
      this.#ports.log.warn(
        { secondsBack: Math.round((this.#lastNowMs - nowMs) / 1000) },
        'the clock was set back: all times anew',
      );
      for (const { jobs } of this.#entries.values()) {
        for (const [kind, job] of jobs) jobs.set(kind, planNext(job.plan, this.#moment()));
      }
    }
    this.#lastNowMs = nowMs;
  }

  #planFirst(project: ScheduledProject, plan: JobPlan): Job {
    const { history, log } = this.#ports;
    try {
      return planFirst(plan, history.lastRunAt(project, plan.kind), this.#moment());
    } catch (error) {
      log.warn({ project: project.name, reason: messageOf(error) }, 'the run history cannot be read: nothing counts as missed');
      return planNext(plan, this.#moment());
    }
  }

  #find(name: string): Entry {
    const entry = this.#entries.get(name);
    if (entry !== undefined) return entry;
    throw new AppError('usage', `The agent knows no project ${JSON.stringify(name)}. Nothing was done.`, {
      hint: 'A name is that of an env file without .env; after a new file, have the agent read them: systemctl reload supabase-backup-agent.',
    });
  }

  #countActive(): number {
    return [...this.#entries.values()].filter(({ active }) => active !== undefined).length;
  }

  /** Of what could start: the rest is woken up for by the end of a run. */
  #nextDueMs(): number {
    if (this.#countActive() >= this.#ports.maxConcurrent) return Infinity;
    const free = [...this.#entries.values()].filter(({ active, removed }) => active === undefined && !removed);
    return Math.min(Infinity, ...free.flatMap(({ jobs }) => [...jobs.values()].map(({ dueAtMs }) => dueAtMs)));
  }

  #moment(): Moment {
    return { nowMs: this.#nowMs(), chance: this.#ports.random() };
  }

  #nowMs(): number {
    return this.#ports.clock.now().getTime();
  }
}
