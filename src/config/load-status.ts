import { defaultStateDirectory } from './load.ts';
import { openSources, type LoadOptions } from './open.ts';
import { throwProblems } from './problems.ts';
import { toScheduleConfig, type ScheduleConfig } from './schedule-settings.ts';
import { projectSchema, validate } from './schema.ts';
import { fetchValues } from './sources.ts';
import { variables, type VariableName } from './variables.ts';

/** What has to be known of a project to tell how it stands: no secret. */
export interface StatusConfig {
  /** PROJECT_NAME. */
  readonly project: string;
  /** Undefined when it came from the environment alone. */
  readonly envFile: string | undefined;
  readonly stateDirectory: string;
  readonly schedule: ScheduleConfig;
  /** Whether a database, and a key of Storage, are configured; not where credentials say so that only a unit can read. */
  readonly database: object | undefined;
  readonly storage: object | undefined;
  readonly alerts: { readonly lateAfterMs: number | undefined };
}

const statusSchema = projectSchema.omit({ BORG_PASSPHRASE: true });
const names = (Object.keys(statusSchema.shape) as (keyof typeof statusSchema.shape)[]).filter((name) => !isSecret(name));

/**
 * Loads what is no secret of the project that the options name: nothing is asked for or decrypted, no command is run, so that it may be
 * done every other second, and by hand where secrets are credentials of a unit. Throws AppError configuration or usage.
 */
export async function loadStatusConfig(
  options: LoadOptions,
): Promise<{ readonly config: StatusConfig; readonly warnings: readonly string[] }> {
  const opened = await openSources(options, names);
  const { sources, problems } = opened;
  const values = await fetchValues(sources, { names, environment: options.environment, problems });
  const settings = validate(statusSchema, values, problems);
  throwProblems(problems, opened.where, opened.warnings);
  const isSet = (...any: readonly VariableName[]): object | undefined =>
    any.some((name) => sources.has(name)) ? {} : undefined;
  return {
    config: {
      project: settings!.PROJECT_NAME,
      envFile: opened.file?.path,
      stateDirectory: settings!.STATE_DIR ?? defaultStateDirectory(options),
      schedule: toScheduleConfig(settings!),
      database: isSet('SUPABASE_DB_URL', 'SUPABASE_PROJECT_REF', 'SUPABASE_DB_HOST'),
      storage: isSet('SUPABASE_SERVICE_ROLE_KEY', 'SUPABASE_SECRET_KEY'),
      alerts: { lateAfterMs: settings!.LATE_AFTER },
    },
    warnings: opened.warnings,
  };
}

function isSecret(name: VariableName): boolean {
  return 'secret' in variables[name];
}
