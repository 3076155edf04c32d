import { existsSync, readFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import type { Logger } from 'pino';
import type { ListenAddress } from './config/listen-address.ts';
import type { ProjectConfig, StorageConnection } from './config/project-config.ts';
import type { Clock, CommandRunner, Progress, RunContext, StorageTools } from './context.ts';
import type { StateStore } from './state-store.ts';
import type { ControlAnswer, ControlQuestion } from './domain/control.ts';
import { expectBackups } from './domain/expected-backups.ts';
import type { MetricFacts } from './domain/metrics/families.ts';
import type { AppError } from './errors.ts';
import type { ObjectStore } from './object-store.ts';
import { borgEnvironment } from './tools/borg/environment.ts';
import { createRepository } from './tools/borg/repository.ts';
import { systemClock } from './tools/clock.ts';
import { askAgent } from './tools/control/client.ts';
import { openControlServer } from './tools/control/server.ts';
import { createFiles } from './tools/files/files.ts';
import { createMetrics } from './tools/metrics/metrics.ts';
import { createProjectsReader, type MonitoredProject } from './tools/metrics/read-projects.ts';
import { answerMetrics, exposeMetrics } from './tools/metrics/render.ts';
import { openMetricsServer, type MetricsServer } from './tools/metrics/server.ts';
import { openMirror } from './tools/mirror/mirror.ts';
import { createNotifier } from './tools/notify/notifier.ts';
import { createDatabases } from './tools/postgres/databases.ts';
import { createCommandRunner } from './tools/process/run-command.ts';
import { StandstillWatch } from './tools/standstill/watch.ts';
import { readLastRun } from './tools/state/last-run.ts';
import { openStateStore } from './tools/state/store.ts';
import { createObjectStore } from './tools/supabase/object-store.ts';
import { listTimers } from './tools/systemd/timers.ts';

export interface CompositionOptions {
  readonly config: ProjectConfig;
  readonly log: Logger;
  readonly progress: Progress;
  readonly signal: AbortSignal;
  /** The process's own environment; children see only a few variables of it. */
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** Whether somebody at a terminal looks on; not unless told. */
  readonly attended?: boolean;
  /** Whether it waits for another run of the project; not unless told. */
  readonly takesTurns?: boolean;
  /** Starts the tools' programs, where that is not to happen as usual. */
  readonly commands?: CommandRunner;
}

/** What children need of our environment; nothing secret is among it. */
const passedOn = ['PATH', 'HOME', 'USER', 'LOGNAME', 'TZ', 'TMPDIR', 'SSH_AUTH_SOCK', 'XDG_CONFIG_HOME'];

/** The only wiring: from a configuration to real tools. */
export function composeContext(options: CompositionOptions): RunContext {
  const { openState, ...tools } = composeTools(options);
  const state = openState();
  const { project, stateDirectory, metricsFile: file } = tools.config;
  const expected = expectBackups(tools.config);
  return { ...tools, state, metrics: createMetrics({ ...tools, project, stateDirectory, state, expected, file }) };
}

/** All tools but the state, which `agent doctor` opens as one of its checks. */
export function composeTools(
  options: CompositionOptions,
): Omit<RunContext, 'state' | 'metrics'> & { readonly openState: () => StateStore } {
  const { config, progress, environment } = options;
  const ending = new AbortController();
  const endRun = (reason: AppError): void => ending.abort(reason);
  const signal = AbortSignal.any([options.signal, ending.signal]);
  const watch = new StandstillWatch({ limitMs: config.limits.stallMs, clock: systemClock, onStandstill: endRun });
  const stateDirectory = join(config.stateDirectory, config.project);
  const commands = options.commands ?? composeCommands({ environment, signal, watch });
  const defined = Object.fromEntries(
    Object.entries(environment).filter((entry): entry is [string, string] => entry[1] !== undefined),
  );
  return {
    ...composeTeller({ ...options, signal }),
    config,
    progress,
    endRun,
    commands,
    repository: createRepository({
      config: config.repository,
      commands,
      environment: borgEnvironment(config.repository, config.stateDirectory, defined),
      progress,
    }),
    databases: createDatabases(
      {
        commands,
        directory: config.postgresBinDirectory,
        path: environment['PATH'] ?? '/usr/bin:/bin',
        // Not /tmp, which may lie in memory.
        temporaryDirectory: environment['TMPDIR'] ?? '/var/tmp',
      },
      signal,
      watch,
    ),
    storage: composeStorage(config, stateDirectory),
    openMirror,
    openObjectStore: (connection) => openObjectStore(config, connection),
    files: createFiles(join(stateDirectory, 'run'), commands),
    openState: () => openStateStore(stateDirectory),
  };
}

/** What alerts are sent with, of a project whose configuration may be of no use for anything else. */
export function composeTeller({
  config,
  log,
  signal,
  environment,
  attended = false,
  takesTurns = false,
}: Pick<CompositionOptions, 'log' | 'signal' | 'environment' | 'attended' | 'takesTurns'> & {
  readonly config: Pick<ProjectConfig, 'project' | 'alerts'>;
}): Pick<RunContext, 'log' | 'signal' | 'clock' | 'notifier' | 'invocation' | 'agentVersion' | 'hostname'> & {
  readonly config: typeof config;
} {
  return {
    config,
    log,
    signal,
    clock: systemClock,
    notifier: createNotifier({ targets: config.alerts.targets, clock: systemClock }),
    invocation: { attended, takesTurns, id: environment['INVOCATION_ID'] },
    agentVersion: agentVersion(),
    hostname: hostname(),
  };
}

function openObjectStore(
  { storageRetries }: ProjectConfig,
  connection: StorageConnection & { readonly concurrency: number },
): ObjectStore {
  return createObjectStore({ ...connection, retries: storageRetries, agentVersion: agentVersion(), clock: systemClock });
}

function composeStorage(config: ProjectConfig, stateDirectory: string): StorageTools | undefined {
  const { storage } = config;
  if (storage === undefined) return undefined;
  return {
    store: openObjectStore(config, storage),
    openMirror: () => openMirror(join(stateDirectory, 'mirror')),
  };
}

/** Starts programs: what is there even when the configuration is not. */
export function composeCommands({
  environment,
  signal,
  watch,
}: Pick<CompositionOptions, 'environment' | 'signal'> & { readonly watch?: StandstillWatch }): CommandRunner {
  return createCommandRunner({ environment: childEnvironment(environment), signal, watch });
}

/** Messages are matched by their texts, so they have to come in English; names come in UTF-8. */
function childEnvironment(environment: CompositionOptions['environment']): Record<string, string> {
  const kept = passedOn.flatMap((name) => (environment[name] === undefined ? [] : [[name, environment[name]] as const]));
  return { ...Object.fromEntries(kept), LC_ALL: 'C.UTF-8' };
}

/** What monitoring is told of projects, in Prometheus' text format. */
export async function renderMetrics(projects: readonly MetricFacts[]): Promise<string> {
  return exposeMetrics(projects);
}

export interface AgentTools {
  readonly clock: Clock;
  readonly commands: CommandRunner;
  readonly pid: number;
  readonly random: () => number;
  readonly openControl: typeof openControlServer;
  /** Serves the metrics of projects until it is closed. Throws AppError configuration. */
  openMetrics(listen: ListenAddress, log: Logger, projects: () => readonly MonitoredProject[]): Promise<MetricsServer>;
  readLastRun(
    project: Pick<ProjectConfig, 'stateDirectory' | 'project'>,
    what: Parameters<typeof readLastRun>[1],
  ): Date | undefined;
}

/** What belongs to the agent itself: its runs are children of its own kind, which see all of its environment. */
export function composeAgent({ environment }: Pick<CompositionOptions, 'environment'>): AgentTools {
  // What systemd said to us about ourselves is not for them: they speak to us, not to the journal.
  const mine = new Set(['NOTIFY_SOCKET', 'WATCHDOG_USEC', 'WATCHDOG_PID', 'JOURNAL_STREAM']);
  const passed = Object.entries(environment).filter(([name]) => !mine.has(name));
  const childEnvironmentOf = Object.fromEntries(passed.filter((entry): entry is [string, string] => entry[1] !== undefined));
  return {
    clock: systemClock,
    commands: createCommandRunner({ environment: childEnvironmentOf, signal: new AbortController().signal }),
    pid: process.pid,
    random: Math.random,
    openControl: openControlServer,
    openMetrics(listen, log, projects) {
      const reader = createProjectsReader({ agentVersion: agentVersion(), clock: systemClock, log });
      return openMetricsServer({ ...listen, log, render: async () => answerMetrics(await reader.read(projects())) });
    },
    readLastRun: ({ stateDirectory, project }, what) => readLastRun(join(stateDirectory, project), what),
  };
}

/** What tells how projects stand, and leaves everything as it is. */
export interface StatusTools {
  readonly clock: Clock;
  /** Undefined where there is none yet; whoever opens it closes it. */
  openExistingState(project: Pick<ProjectConfig, 'stateDirectory' | 'project'>): StateStore | undefined;
  /** When the timers of systemd elapse next, by their names; empty where nothing is known. */
  listTimers(patterns: readonly string[]): Promise<ReadonlyMap<string, Date>>;
}

export function composeStatus(options: Pick<CompositionOptions, 'environment' | 'signal'>): StatusTools {
  const commands = composeCommands(options);
  return {
    clock: systemClock,
    // Made by root, it would be in the way of the user whom the runs belong to.
    openExistingState({ stateDirectory, project }) {
      const directory = join(stateDirectory, project);
      return existsSync(join(directory, 'state.db')) ? openStateStore(directory) : undefined;
    },
    listTimers: (patterns) => listTimers({ commands, clock: systemClock }, patterns),
  };
}

/** Asks the agent that listens at a socket; undefined when none does. */
export function askLiveAgent(path: string, question: ControlQuestion): Promise<ControlAnswer | undefined> {
  return askAgent(path, question);
}

/** The version of this program, from its package.json. */
export function agentVersion(): string {
  const text = readFileSync(new URL('../package.json', import.meta.url), 'utf8');
  return (JSON.parse(text) as { version: string }).version;
}
