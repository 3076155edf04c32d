import type { Clock, RunContext } from '../context.ts';
import type { AgentStatus } from '../domain/control.ts';
import { AppError, messageOf } from '../errors.ts';
import { childKillDelayMs } from './child-run.ts';
import { answerControl } from './control.ts';
import type { Errands } from './errands.ts';
import type { JobKind, ScheduledProject } from './project.ts';
import type { LoadedProjects } from './projects.ts';
import type { RunHistory, RunStarter } from './run.ts';
import { Scheduler, type ProjectState } from './scheduler.ts';
import type { ServiceManager } from './service-manager.ts';
import { runPhases } from './shutdown.ts';

export interface DaemonPorts {
  readonly clock: Clock;
  readonly log: RunContext['log'];
  /** Aborted when the agent is to end. */
  readonly signal: AbortSignal;
  readonly starter: RunStarter;
  readonly history: RunHistory;
  readonly random: () => number;
  readonly serviceManager: ServiceManager;
  loadProjects(): Promise<LoadedProjects>;
  readonly errands: Errands;
  openControl(answer: (line: string) => Promise<string>): Promise<{ close(): Promise<void> }>;
  /** Serves the metrics of these projects, where that is asked for. Throws AppError configuration. */
  openMetrics(projects: () => readonly ServedProject[]): Promise<OpenMetrics> | undefined;
  /** Has the listener called whenever the configuration is to be read again (SIGHUP). */
  onReload(listener: () => void): void;
}

interface ServedProject extends ScheduledProject {
  readonly nextRuns: readonly { readonly kind: JobKind; readonly at: Date }[];
}

interface OpenMetrics {
  readonly address: string;
  close(): Promise<void>;
}

/** Files that cannot be used are looked at again: a secret may have been out of reach for a moment. */
const brokenAgainMs = 10 * 60_000;
const lateAgainMs = 60 * 60_000;
/** A scheduler that has not looked at what is due for so long hangs: it does every minute. */
const stuckMs = 3 * 60_000;

/** The long-running agent: until it is told to end. Throws AppError locked, configuration. */
export async function runDaemon(ports: DaemonPorts, about: Omit<AgentStatus, 'projects' | 'startedAt'>): Promise<void> {
  const { clock, log, signal, serviceManager } = ports;
  let problems: Problems = new Map();
  const scheduler = new Scheduler({
    ...ports,
    starter: tellingOfDeaths(ports),
    maxConcurrent: about.maxConcurrent,
    onChange: () => serviceManager.status(describeStates(scheduler.states(), problems)),
  });
  const answerPorts = { scheduler, problems: () => problems, about: { ...about, startedAt: clock.now().toISOString() } };
  const control = await ports.openControl((line) => answerControl(line, answerPorts));
  const watchdog = new AbortController();
  let metrics: OpenMetrics | undefined;
  try {
    const first = await ports.loadProjects();
    if (first.projects.length === 0) throw noProjects(first);
    problems = takeProjects(first, { ...ports, scheduler, before: problems });
    const reload = createReload(ports, scheduler, {
      get: () => problems,
      set: (found) => (problems = found),
    });
    metrics = await ports.openMetrics(() => scheduler.states().map(toServed));
    if (metrics !== undefined) log.info({ url: `http://${metrics.address}/metrics` }, 'metrics are served');
    ports.onReload(() => void reload('asked'));
    await serviceManager.ready(describeStates(scheduler.states(), problems));
    log.info({ projects: first.projects.map(({ name }) => name), pid: about.pid }, 'the agent is ready');
    void serviceManager.keepWatchdog(() => clock.monotonicMs() - scheduler.lastLookMs < stuckMs, watchdog.signal);
    void retryBroken(ports, () => problems.size > 0, reload);
    void watchLateness(ports, scheduler);
    const ended = scheduler.run();
    await aborted(signal);
    await runPhases(
      [
        { name: 'start no more runs', limitMs: 5_000, run: () => stop(scheduler, ended, serviceManager) },
        { name: 'end runs', limitMs: childKillDelayMs + 10_000, run: () => scheduler.endAll() },
      ],
      ports,
    );
  } finally {
    watchdog.abort();
    await runPhases(
      [
        ...(metrics === undefined ? [] : [{ name: 'end serving metrics', limitMs: 5_000, run: () => metrics!.close() }]),
        { name: 'close the control socket', limitMs: 5_000, run: () => control.close() },
      ],
      ports,
    );
  }
  log.info({}, 'the agent has ended');
}

/** Starts runs as before; of one whose process dies somebody else has to tell. */
function tellingOfDeaths({ starter, errands }: DaemonPorts): RunStarter {
  return {
    start(project, kind, onStep) {
      const run = starter.start(project, kind, onStep);
      void run.finished.then(({ diedOf }) => (diedOf === undefined ? undefined : errands.tellDied(project.name, diedOf)));
      return run;
    },
  };
}

function toServed({ project, jobs }: ProjectState): ServedProject {
  const due = [...jobs].filter(([, { dueAtMs }]) => dueAtMs !== Infinity);
  return { ...project, nextRuns: due.map(([kind, { dueAtMs }]) => ({ kind, at: new Date(dueAtMs) })) };
}

async function stop(scheduler: Scheduler, ended: Promise<void>, serviceManager: ServiceManager): Promise<void> {
  scheduler.stop();
  await serviceManager.stopping('ending');
  await ended;
}

/** Names of projects whose files cannot be used, and why. */
type Problems = ReadonlyMap<string, string>;

type Reload = (why: 'asked' | 'broken') => Promise<void>;

/** Reads all files again, one time after the other; what cannot be used stays as it was. */
function createReload(
  ports: DaemonPorts,
  scheduler: Scheduler,
  problems: { get(): Problems; set(problems: Problems): void },
): Reload {
  const { log, serviceManager } = ports;
  let queue = Promise.resolve();
  const load = async (why: 'asked' | 'broken'): Promise<void> => {
    if (why === 'asked') await serviceManager.reloading();
    try {
      const loaded = await ports.loadProjects();
      const before = why === 'asked' ? new Map<string, string>() : problems.get();
      problems.set(takeProjects(loaded, { ...ports, scheduler, before }));
      for (const { project } of scheduler.states()) {
        if (loaded.problems.has(project.name) || loaded.projects.some(({ name }) => name === project.name)) continue;
        scheduler.remove(project.name);
        log.info({ project: project.name }, 'project is gone');
      }
      if (why === 'asked')
        log.info({ projects: loaded.projects.length, broken: loaded.problems.size }, 'configuration was read again');
    } catch (error) {
      log.error({ reason: messageOf(error) }, 'the configuration cannot be read again: all stays as it was');
    }
    const status = describeStates(scheduler.states(), problems.get());
    if (why === 'asked') await serviceManager.ready(status);
  };
  return (why) => (queue = queue.then(() => load(why)));
}

function takeProjects(
  { projects, problems }: LoadedProjects,
  {
    scheduler,
    log,
    errands,
    before,
  }: Pick<DaemonPorts, 'log' | 'errands'> & { readonly scheduler: Scheduler; readonly before: Problems },
): Problems {
  for (const project of projects) {
    const changes = scheduler.put(project);
    if (changes.length > 0) log.info({ project: project.name, changes }, 'project is scheduled');
  }
  for (const [name, reason] of problems) {
    // Once is enough.
    if (before.get(name) === reason) continue;
    const known = scheduler.states().some(({ project }) => project.name === name);
    const meaning = known ? 'its schedule stays as it was; its runs fail until the file is right' : 'it is left out';
    log.error({ project: name, reason, meaning }, 'project file cannot be used');
    void errands.tellUnusable(name);
  }
  return problems;
}

async function retryBroken({ clock, signal }: DaemonPorts, isBroken: () => boolean, reload: Reload): Promise<void> {
  while (await passes(brokenAgainMs, { clock, signal })) if (isBroken()) await reload('broken');
}

/** Now, since the machine may have been off, and every hour. */
async function watchLateness({ clock, signal, errands, log }: DaemonPorts, scheduler: Scheduler): Promise<void> {
  do {
    for (const { project } of scheduler.states()) {
      if (signal.aborted) return;
      const reason = await errands.checkLate(project.name);
      if (reason !== undefined) log.warn({ project: project.name, reason }, 'a backup is late');
    }
  } while (await passes(lateAgainMs, { clock, signal }));
}

/** Whether the time has passed before the agent is to end. */
function passes(ms: number, { clock, signal }: Pick<DaemonPorts, 'clock' | 'signal'>): Promise<boolean> {
  return clock.sleep(ms, signal).then(
    () => true,
    () => false,
  );
}

/** A line for `systemctl status`. */
function describeStates(states: readonly ProjectState[], problems: ReadonlyMap<string, string>): string {
  const running = states.flatMap(({ project, running: run }) =>
    run === undefined ? [] : [`${project.name}: ${run.kind}${run.stage === undefined ? '' : `, ${run.stage}`}`],
  );
  const nextMs = Math.min(Infinity, ...states.flatMap(({ jobs }) => [...jobs.values()].map(({ dueAtMs }) => dueAtMs)));
  const next = nextMs === Infinity ? 'nothing is scheduled' : `next run ${new Date(nextMs).toISOString().slice(0, 16)}Z`;
  const broken = problems.size === 0 ? [] : [`files that cannot be used: ${[...problems.keys()].join(', ')}`];
  return [...(running.length === 0 ? [next] : running), ...broken].join('; ');
}

function noProjects({ problems }: LoadedProjects): AppError {
  const lines = [...problems].map(([name, problem]) => `\n${name}: ${problem}`);
  return new AppError('configuration', `There is no project that could be scheduled. Nothing was started.${lines.join('')}`, {
    hint: 'A project is a file /etc/supabase-backup/NAME.env; .env.example describes what stands in it.',
  });
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener('abort', () => resolve(), { once: true });
  });
}
