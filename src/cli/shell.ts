import { resolve } from 'node:path';
import type { Writable } from 'node:stream';
import { Command, Option } from 'commander';
import { composeAgentLog, composeLog } from '../compose-log.ts';
import { composeCommands, composeContext, composeTeller, composeTools } from '../composition.ts';
import { loadAlerts } from '../config/load-alerts.ts';
import { loadConfig, type LoadedConfig } from '../config/load.ts';
import type { LoadOptions } from '../config/open.ts';
import type { Progress, RunContext } from '../context.ts';
import { AppError } from '../errors.ts';
import { tellEarlyFailure, type AlertedCommand } from '../pipeline/alerts.ts';
import type { ExitCode } from '../domain/exit-code.ts';
import { logLevels, type LogLevel } from '../log.ts';
import type { Output } from './output.ts';
import { createLogProgress, silentProgress } from './progress.ts';
import type { Screen } from './screen.ts';

/** The outside world, as commands see it. Made once, in cli/run. */
export interface Shell {
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly workingDirectory: string;
  readonly homeDirectory: string;
  readonly isRoot: boolean;
  /** Whether somebody looks on at a terminal. */
  readonly attended: boolean;
  readonly signal: AbortSignal;
  readonly output: Output;
  /** Where the log goes. */
  readonly stderr: NodeJS.WriteStream;
  readonly screen: Screen;
  readonly progress: Progress;
  /** Standard output, for bytes that are no text; undefined where that is a terminal. */
  readonly openBinaryOutput: () => Writable | undefined;
  /** All of standard input, as text. */
  readonly readStandardInput: () => Promise<string>;
  /** Asks on the terminal without echo; undefined where there is no terminal. */
  readonly askPassword: ((prompt: string) => Promise<string>) | undefined;
  /** Asks on the terminal; undefined where there is no terminal. */
  readonly ask: ((prompt: string) => Promise<string>) | undefined;
  /** Node, its options and main.ts: what runs of the agent's own are started with. */
  readonly program: readonly [string, ...string[]];
  /** Has SIGHUP call this instead of ending the command. */
  onHangup(listener: () => void): void;
  /** Commands tell here how they ended. */
  exitWith(code: ExitCode): void;
}

/** The options that every command has. */
export interface CommonOptions {
  readonly envFile?: string;
  readonly project?: string;
  readonly projectsDirectory?: string;
  readonly json?: boolean;
  readonly logLevel?: LogLevel;
  /** Of backup and verify (cli/take-turns.ts). */
  readonly takeTurns?: boolean;
}

/** A command with the common options; examples stand at the end of its help. */
export function createCommand(name: string, description: string, examples: readonly string[]): Command {
  return new Command(name)
    .description(description)
    .option('--env-file <path>', 'the env file of the project (default: .env)')
    .option('--project <name>', 'the project in /etc/supabase-backup/<name>.env')
    .addOption(projectsDirectoryOption())
    .option('--json', 'print one JSON document (docs/json.md)')
    .addOption(logLevelOption('what is logged to stderr (default: warn; info under systemd)'))
    .addHelpText('after', `\nExamples:\n${examples.map((example) => `  $ ${example}`).join('\n')}`);
}

export function logLevelOption(description: string): Option {
  return new Option('--log-level <level>', description).choices(logLevels).env('LOG_LEVEL');
}

/** For tests, and for whoever keeps the projects elsewhere. */
export function projectsDirectoryOption(): Option {
  return new Option('--projects-directory <path>', 'instead of /etc/supabase-backup').hideHelp();
}

/** What both kinds of configuration, a project's and a target's, are loaded from. */
export function loadOptions(
  shell: Shell,
  options: Pick<CommonOptions, 'envFile' | 'project' | 'projectsDirectory'>,
): LoadOptions {
  return {
    ...(options.envFile === undefined ? {} : { envFile: options.envFile }),
    ...(options.project === undefined ? {} : { project: options.project }),
    ...(options.projectsDirectory === undefined
      ? {}
      : { projectsDirectory: resolve(shell.workingDirectory, options.projectsDirectory) }),
    environment: shell.environment,
    workingDirectory: shell.workingDirectory,
    homeDirectory: shell.homeDirectory,
    isRoot: shell.isRoot,
    ...(shell.askPassword === undefined ? {} : { askPassword: shell.askPassword }),
  };
}

/** Loads the configuration that the options name; warnings about it go to stderr. */
export async function loadProject(shell: Shell, options: CommonOptions): Promise<LoadedConfig> {
  const loaded = await loadConfig(loadOptions(shell, options));
  for (const warning of loaded.warnings) shell.output.note(`Warning: ${warning}`);
  return loaded;
}

/** The same; when it cannot be used, those are told of it whom it names nevertheless. */
export async function loadProjectOrTell(shell: Shell, options: CommonOptions, alertAs: AlertedCommand): Promise<LoadedConfig> {
  try {
    return await loadProject(shell, options);
  } catch (error) {
    if (error instanceof AppError && error.code === 'configuration') await tellUnusable(shell, options, { alertAs, error });
    throw error;
  }
}

async function tellUnusable(
  shell: Shell,
  options: CommonOptions,
  { alertAs, error }: { readonly alertAs: AlertedCommand; readonly error: AppError },
): Promise<void> {
  const config = await loadAlerts(loadOptions(shell, options)).catch(() => undefined);
  if (config === undefined) return;
  const { environment, signal, attended, stderr } = shell;
  const commands = composeCommands({ environment, signal });
  const { log, close } = composeAgentLog({ level: options.logLevel ?? 'warn', environment, commands, stderr });
  try {
    const own = log.child({ project: config.project });
    await tellEarlyFailure(composeTeller({ config, log: own, signal, environment, attended }), alertAs, error);
  } finally {
    await close();
  }
}

/** Runs the work of a command with real tools, and puts them away afterwards. `alertAs`: whoever is told of its end is told, too, when it cannot begin. */
export async function withContext<Result>(
  shell: Shell,
  options: CommonOptions,
  work: (context: RunContext, loaded: LoadedConfig) => Promise<Result>,
  alertAs?: AlertedCommand,
): Promise<Result> {
  const loaded = alertAs === undefined ? await loadProject(shell, options) : await loadProjectOrTell(shell, options, alertAs);
  const { config } = loaded;
  const { signal, environment, attended } = shell;
  const { takeTurns: takesTurns = false } = options;
  const { log, close } = composeLog({
    config,
    level: options.logLevel,
    environment,
    commands: composeCommands({ environment, signal }),
    stderr: shell.stderr,
    warn: (text) => shell.output.note(`Warning: ${text}`),
  });
  const isSilent = shell.progress === silentProgress && options.logLevel === 'debug';
  const progress = isSilent ? createLogProgress(log, () => performance.now()) : shell.progress;
  try {
    const context = await composeOrTell({ config, log, progress, signal, environment, attended, takesTurns }, alertAs);
    try {
      return await work(context, loaded);
    } finally {
      progress.end();
      context.state.close();
      await context.storage?.store.close();
    }
  } finally {
    await close();
  }
}

async function composeOrTell(
  options: Parameters<typeof composeContext>[0],
  alertAs: AlertedCommand | undefined,
): Promise<RunContext> {
  try {
    return composeContext(options);
  } catch (error) {
    if (alertAs !== undefined) await tellEarlyFailure(composeTools(options), alertAs, error);
    throw error;
  }
}
