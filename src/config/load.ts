import { isAbsolute, join, resolve } from 'node:path';
import { findAlertProblems, toAlertConfig } from './alert-settings.ts';
import { completePassword, findDatabase } from './database.ts';
import { describeConfig, type ConfigRow } from './describe.ts';
import { toLimitConfig } from './limit-settings.ts';
import { toLogConfig } from './log-settings.ts';
import { openFile, openSources, openText, projectFile, type LoadOptions, type OpenedSources } from './open.ts';
import { createProblems, throwProblems, withPrefix, type Problems } from './problems.ts';
import { Secret, type ProjectConfig, type StorageConfig, type StorageConnection, type TargetConfig } from './project-config.ts';
import { toScheduleConfig } from './schedule-settings.ts';
import { databaseSchema, projectSchema, storageSchema, targetSchema, validate, type ProjectSettings } from './schema.ts';
import { fetchValues } from './sources.ts';
import { findStorage, type FoundStorage } from './storage.ts';
import { variables, type VariableName } from './variables.ts';

export interface LoadedConfig {
  readonly config: ProjectConfig;
  readonly warnings: readonly string[];
  /** For `agent config show`; holds no secret. */
  readonly described: readonly ConfigRow[];
}

export interface LoadedTarget extends TargetConfig {
  readonly warnings: readonly string[];
}

const connectionSchema = databaseSchema.extend(storageSchema.shape);
const connectionNames = Object.keys(connectionSchema.shape) as (keyof typeof connectionSchema.shape)[];
const targetNames = Object.keys(targetSchema.shape) as (keyof typeof targetSchema.shape)[];
const projectNames = Object.keys(projectSchema.shape) as (keyof typeof projectSchema.shape)[];
const configNames = [...connectionNames, ...projectNames];

/**
 * Loads the configuration of the project that the options name. Throws AppError configuration with everything that is wrong,
 * a line for each variable; usage when the options contradict each other.
 */
export async function loadConfig(options: LoadOptions): Promise<LoadedConfig> {
  return readConfig(await openSources(options, configNames), options);
}

/** Loads what the env file at `path` will say when it holds `text`; the options tell the rest. Throws AppError configuration. */
export async function loadConfigText(path: string, text: string, options: LoadOptions): Promise<LoadedConfig> {
  return readConfig(openText(path, text, configNames), options);
}

/** What is wrong with values for a project, before they stand anywhere. */
export async function findProblems(values: ReadonlyMap<VariableName, string>): Promise<Problems> {
  const problems = createProblems();
  await judge(values, problems, false);
  return problems;
}

async function readConfig(opened: OpenedSources, options: LoadOptions): Promise<LoadedConfig> {
  const { sources, problems } = opened;
  const values = await fetchValues(sources, { names: configNames, environment: options.environment, problems });
  const { settings, database, storage, warnings } = await judge(values, problems, options.askPassword !== undefined);
  throwProblems(problems, opened.where, opened.warnings);
  const { connection, asked } = await completePassword(database, options.askPassword);
  const stateDirectory = settings!.STATE_DIR ?? defaultStateDirectory(options);
  return {
    config: toProjectConfig(settings!, { envFile: opened.file?.path, database: connection, storage, stateDirectory }),
    warnings: [...opened.warnings, ...(database?.warnings ?? []), ...warnings],
    described: describeConfig(sources, values, { defaults: describeDefaults(stateDirectory, storage), asked }),
  };
}

interface Judged extends FoundStorage {
  /** Undefined when `problems` says why. */
  readonly settings: ProjectSettings | undefined;
  readonly database: Awaited<ReturnType<typeof findDatabase>>;
}

async function judge(values: ReadonlyMap<VariableName, string>, problems: Problems, canAsk: boolean): Promise<Judged> {
  const settings = validate(projectSchema, values, problems);
  if (settings !== undefined) findAlertProblems(settings, problems);
  const database = await findDatabase(values, { problems, prefix: '', canAsk });
  const found = findStorage(values, { problems, prefix: '', now: new Date(), database: database?.connection });
  return { settings, database, ...found };
}

/** What no variable of the table says, because it depends on others. */
function describeDefaults(stateDirectory: string, storage: FoundStorage['storage']): Partial<Record<VariableName, string>> {
  return { STATE_DIR: stateDirectory, ...(storage === undefined ? {} : { SUPABASE_URL: storage.url }) };
}

function toProjectConfig(
  settings: ProjectSettings,
  { storage, ...others }: Pick<ProjectConfig, 'envFile' | 'database' | 'stateDirectory'> & Pick<FoundStorage, 'storage'>,
): ProjectConfig {
  return {
    project: settings.PROJECT_NAME,
    ...others,
    storage: storage === undefined ? undefined : toStorageConfig(storage, settings),
    storageRetries: settings.STORAGE_RETRIES,
    repository: {
      location: settings.BORG_REPO,
      passphrase: new Secret(settings.BORG_PASSPHRASE),
      remoteShell: settings.BORG_RSH,
      remotePath: settings.BORG_REMOTE_PATH,
      lockWaitMs: settings.BORG_LOCK_WAIT,
    },
    retention: {
      days: settings.RETENTION_DAYS,
      minimumBackups: settings.RETENTION_MIN_BACKUPS,
      daily: settings.RETENTION_DAILY,
      weekly: settings.RETENTION_WEEKLY,
      monthly: settings.RETENTION_MONTHLY,
    },
    schedule: toScheduleConfig(settings),
    verifyContent: settings.VERIFY_CONTENT,
    migrationDrift: settings.MIGRATION_DRIFT,
    alerts: toAlertConfig(settings),
    postgresBinDirectory: settings.PG_BIN_DIR,
    metricsFile: settings.METRICS_FILE,
    restoreAllowed: settings.RESTORE_ALLOWED,
    limits: toLimitConfig(settings),
    logs: toLogConfig(settings),
  };
}

function toStorageConfig(connection: StorageConnection, settings: ProjectSettings): StorageConfig {
  return {
    ...connection,
    concurrency: settings.STORAGE_CONCURRENCY,
    buckets: settings.STORAGE_BUCKETS,
    exclude: settings.STORAGE_EXCLUDE,
    maxEgressBytes: settings.STORAGE_MAX_EGRESS,
  };
}

/** systemd's StateDirectory= for root, the XDG directory for everybody else. */
export function defaultStateDirectory({
  isRoot,
  environment,
  homeDirectory,
}: Pick<LoadOptions, 'isRoot' | 'environment' | 'homeDirectory'>): string {
  if (isRoot) return '/var/lib/supabase-backup';
  const base = environment['XDG_STATE_HOME'] ?? '';
  // The specification of these directories says that a relative one is to be ignored.
  return join(isAbsolute(base) ? base : join(homeDirectory, '.local/state'), 'supabase-backup');
}

const testPrefix = 'TEST_';

/**
 * Loads what a restore goes into. `test` means the variables with TEST_ in the configuration that the options name; any
 * other name an env file, by its path or as a project in the projects' directory, in which the environment does not count.
 * Throws AppError configuration or usage.
 */
export async function loadTarget(name: string, options: LoadOptions): Promise<LoadedTarget> {
  if (name === 'test') {
    const names = [...connectionNames, ...targetNames].map((short): VariableName => `${testPrefix}${short}`);
    return readTarget(await openSources(options, names), names, options);
  }
  const isPath = name.includes('/') || name.endsWith('.env');
  const path = isPath ? resolve(options.workingDirectory, name) : projectFile(name, options);
  const names = [...connectionNames, ...targetNames];
  return readTarget(await openFile(path, names), names, options);
}

async function readTarget(opened: OpenedSources, names: readonly VariableName[], options: LoadOptions): Promise<LoadedTarget> {
  const { sources, problems } = opened;
  const fetched = await fetchValues(sources, { names, environment: options.environment, problems });
  const prefix = names.every((name) => name.startsWith(testPrefix)) ? testPrefix : '';
  const values = new Map([...fetched].map(([name, value]) => [name.slice(prefix.length), value]));
  if (prefix === testPrefix && !values.has('PROJECT_NAME'))
    values.set('PROJECT_NAME', variables.TEST_PROJECT_NAME.defaultValue);
  const prefixed = withPrefix(problems, prefix);
  const settings = validate(targetSchema, values, prefixed);
  const database = await findDatabase(values, { problems: prefixed, prefix, canAsk: options.askPassword !== undefined });
  const { storage, warnings } = findStorage(values, {
    problems: prefixed,
    prefix,
    now: new Date(),
    database: database?.connection,
  });
  throwProblems(problems, `${opened.where}, as a target`, opened.warnings);
  return {
    project: settings!.PROJECT_NAME,
    envFile: opened.file?.path,
    database: (await completePassword(database, options.askPassword)).connection,
    storage,
    restoreAllowed: settings!.RESTORE_ALLOWED,
    warnings: [...opened.warnings, ...(database?.warnings ?? []), ...warnings],
  };
}
