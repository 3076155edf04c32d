import { readFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import type { Logger } from 'pino';
import type { ProjectConfig, StorageConnection } from './config/project-config.ts';
import type { CommandRunner, Progress, RunContext, StateStore, StorageTools } from './context.ts';
import type { MetricFacts } from './domain/metrics/families.ts';
import type { ObjectStore } from './object-store.ts';
import { borgEnvironment } from './tools/borg/environment.ts';
import { createRepository } from './tools/borg/repository.ts';
import { systemClock } from './tools/clock.ts';
import { createFiles } from './tools/files/files.ts';
import { createMetrics } from './tools/metrics/metrics.ts';
import { exposeMetrics } from './tools/metrics/render.ts';
import { openMirror } from './tools/mirror/mirror.ts';
import { createNotifier } from './tools/notify/notifier.ts';
import { createDatabases } from './tools/postgres/databases.ts';
import { createCommandRunner } from './tools/process/run-command.ts';
import { openStateStore } from './tools/state/store.ts';
import { createObjectStore } from './tools/supabase/object-store.ts';

export interface CompositionOptions {
  readonly config: ProjectConfig;
  readonly log: Logger;
  readonly progress: Progress;
  readonly signal: AbortSignal;
  /** The process's own environment; children see only a few variables of it. */
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** Whether somebody at a terminal looks on; not unless told. */
  readonly attended?: boolean;
}

/** What children need of our environment; nothing secret is among it. */
const passedOn = ['PATH', 'HOME', 'USER', 'LOGNAME', 'TZ', 'TMPDIR', 'SSH_AUTH_SOCK', 'XDG_CONFIG_HOME'];

/** The only wiring: from a configuration to real tools. */
export function composeContext(options: CompositionOptions): RunContext {
  const { openState, ...tools } = composeTools(options);
  return addState(tools, openState());
}

/** The tools, with the state that was opened for them. */
export function addState(tools: Omit<RunContext, 'state' | 'metrics'>, state: StateStore): RunContext {
  const { project, stateDirectory, metricsFile: file } = tools.config;
  return { ...tools, state, metrics: createMetrics({ ...tools, project, stateDirectory, state, file }) };
}

/** All tools but the state, which `agent doctor` opens as one of its checks. */
export function composeTools(
  options: CompositionOptions,
): Omit<RunContext, 'state' | 'metrics'> & { readonly openState: () => StateStore } {
  const { config, log, progress, signal, environment } = options;
  const stateDirectory = join(config.stateDirectory, config.project);
  const commands = composeCommands(options);
  const defined = Object.fromEntries(
    Object.entries(environment).filter((entry): entry is [string, string] => entry[1] !== undefined),
  );
  return {
    config,
    log,
    clock: systemClock,
    progress,
    signal,
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
    ),
    storage: composeStorage(config, stateDirectory),
    notifier: createNotifier({ targets: config.alerts.targets, clock: systemClock }),
    invocation: { attended: options.attended ?? false, id: environment['INVOCATION_ID'] },
    openMirror,
    openObjectStore: (connection) => openObjectStore(config, connection),
    files: createFiles(join(stateDirectory, 'run'), commands),
    openState: () => openStateStore(stateDirectory),
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
export function composeCommands({ environment, signal }: Pick<CompositionOptions, 'environment' | 'signal'>): CommandRunner {
  return createCommandRunner({ environment: childEnvironment(environment), signal });
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

/** The version of this program, from its package.json. */
export function agentVersion(): string {
  const text = readFileSync(new URL('../package.json', import.meta.url), 'utf8');
  return (JSON.parse(text) as { version: string }).version;
}
