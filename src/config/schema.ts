import { z } from 'zod';
import { isSafetyProject, projectNamePattern } from '../domain/archive-name.ts';
import { findGlobProblem, parseGlobs } from '../domain/storage/filter.ts';
import { alertFields } from './alert-settings.ts';
import { parseByteSize } from './byte-size.ts';
import { duration } from './duration.ts';
import { metricsShape } from './metrics-settings.ts';
import { parseConnectionUrl, type ConnectionUrl } from './connection-url.ts';
import { limitShape } from './limit-settings.ts';
import { logShape } from './log-settings.ts';
import { parseRepositoryLocation } from './repository-location.ts';
import { parseProjectUrl } from './project-url.ts';
import { scheduleShape } from './schedule-settings.ts';
import { variables, type VariableName } from './variables.ts';

/** Port of Supabase's transaction pooler, which gives each transaction another session. */
const transactionPoolerPort = 6543;

const text = z.string({ error: 'is missing' });

const projectName = text
  .regex(
    projectNamePattern,
    'has to begin with a letter or digit and to go on with at most 62 letters, digits, dots, dashes and underscores',
  )
  .refine(
    (value) => !isSafetyProject(value),
    'ends in -pre-restore: so are the backups called that are made of a target before a restore; choose another name',
  );

const projectRef = text.regex(
  /^[a-z]{20}$/,
  'is not the reference of a project: take the 20 letters of its URL, https://REF.supabase.co',
);

const host = text.regex(
  /^[A-Za-z0-9][A-Za-z0-9.-]*$/,
  'has to be the name of a host alone, without port: the session pooler answers on 5432, and the transaction pooler (6543) cannot serve a backup',
);

const flag = z.enum(['true', 'false'], { error: 'has to be true or false' }).transform((value) => value === 'true');

function wholeNumber(minimum: number) {
  return text
    .regex(/^\d{1,5}$/, 'has to be a whole number')
    .transform(Number)
    .refine((value) => value >= minimum, `has to be at least ${minimum}`);
}

const connectionUrl = text.transform((value, context): ConnectionUrl => {
  const url = parseConnectionUrl(value);
  const problem = 'problem' in url ? url.problem : findUrlProblem(url);
  if (problem === undefined && !('problem' in url)) return url;
  context.addIssue({ code: 'custom', message: problem ?? 'cannot be read' });
  return z.NEVER;
});

function findUrlProblem(url: ConnectionUrl): string | undefined {
  if (url.port === transactionPoolerPort) {
    return 'names the transaction pooler (port 6543), which cannot serve pg_dump or an exported snapshot: use the session pooler, port 5432 on the same host';
  }
  if (url.host.endsWith('.pooler.supabase.com') && !url.user.includes('.')) {
    return `names the user ${url.user}, but the pooler needs ${url.user}.REF with the reference of the project`;
  }
  if (url.sslRootCertificate !== undefined && !url.sslRootCertificate.startsWith('/')) {
    return 'has an sslrootcert that is no absolute path';
  }
  return undefined;
}

const projectUrl = text.transform((value, context): URL => {
  const result = parseProjectUrl(value);
  if (result instanceof URL) return result;
  context.addIssue({ code: 'custom', message: result.problem });
  return z.NEVER;
});

const globs = z.string().transform((value, context): readonly string[] => {
  const all = parseGlobs(value);
  const problem = all.map(findGlobProblem).find((found) => found !== undefined);
  if (problem === undefined) return all;
  context.addIssue({ code: 'custom', message: `holds a pattern that ${problem}` });
  return z.NEVER;
});

const byteSize = text.transform((value, context): number => {
  const bytes = parseByteSize(value);
  if (bytes !== undefined) return bytes;
  context.addIssue({ code: 'custom', message: 'has to be a number of bytes greater than zero, such as 10GB, 500MB or 2GiB' });
  return z.NEVER;
});

const repositoryLocation = text.transform((value, context): string => {
  const result = parseRepositoryLocation(value);
  if ('location' in result) return result.location;
  context.addIssue({ code: 'custom', message: result.problem });
  return z.NEVER;
});

/** Adds the description that the table of variables has. */
function describe<Schema extends z.ZodType>(name: VariableName, schema: Schema): Schema {
  return schema.describe(variables[name].description);
}

/** How a database is reached, as variables tell it. */
export const databaseSchema = z.object({
  SUPABASE_DB_URL: describe('SUPABASE_DB_URL', connectionUrl.optional()),
  SUPABASE_PROJECT_REF: describe('SUPABASE_PROJECT_REF', projectRef.optional()),
  SUPABASE_DB_PASSWORD: describe('SUPABASE_DB_PASSWORD', text.optional()),
  SUPABASE_DB_HOST: describe('SUPABASE_DB_HOST', host.optional()),
  SUPABASE_DB_CA_FILE: describe('SUPABASE_DB_CA_FILE', text.optional()),
});

export type DatabaseSettings = z.output<typeof databaseSchema>;

/** How the Storage API is reached, as variables tell it. */
export const storageSchema = z.object({
  SUPABASE_SERVICE_ROLE_KEY: describe('SUPABASE_SERVICE_ROLE_KEY', text.optional()),
  SUPABASE_SECRET_KEY: describe('SUPABASE_SECRET_KEY', text.optional()),
  SUPABASE_URL: describe('SUPABASE_URL', projectUrl.optional()),
});

export type StorageSettings = z.output<typeof storageSchema>;

/** What else has to be known of a project that a restore goes into. */
export const targetSchema = z.object({
  PROJECT_NAME: describe('PROJECT_NAME', projectName),
  RESTORE_ALLOWED: describe('RESTORE_ALLOWED', flag.prefault(variables.RESTORE_ALLOWED.defaultValue)),
});

/** What else has to be known of a project that is backed up. */
export const projectSchema = targetSchema.extend({
  STORAGE_BUCKETS: describe('STORAGE_BUCKETS', globs.prefault('')),
  STORAGE_EXCLUDE: describe('STORAGE_EXCLUDE', globs.prefault('')),
  STORAGE_CONCURRENCY: describe(
    'STORAGE_CONCURRENCY',
    wholeNumber(1)
      .refine((value) => value <= 256, 'has to be at most 256')
      .prefault(variables.STORAGE_CONCURRENCY.defaultValue),
  ),
  STORAGE_RETRIES: describe(
    'STORAGE_RETRIES',
    wholeNumber(0)
      .refine((value) => value <= 10, 'has to be at most 10')
      .prefault(variables.STORAGE_RETRIES.defaultValue),
  ),
  STORAGE_MAX_EGRESS: describe('STORAGE_MAX_EGRESS', byteSize.optional()),
  BORG_REPO: describe('BORG_REPO', repositoryLocation),
  BORG_PASSPHRASE: describe('BORG_PASSPHRASE', text),
  BORG_RSH: describe('BORG_RSH', text.optional()),
  BORG_REMOTE_PATH: describe('BORG_REMOTE_PATH', text.optional()),
  BORG_LOCK_WAIT: describe('BORG_LOCK_WAIT', duration.prefault(variables.BORG_LOCK_WAIT.defaultValue)),
  VERIFY_CONTENT: describe('VERIFY_CONTENT', flag.prefault(variables.VERIFY_CONTENT.defaultValue)),
  MIGRATION_DRIFT: describe(
    'MIGRATION_DRIFT',
    z.enum(['auto', 'off'], { error: 'has to be auto or off' }).prefault(variables.MIGRATION_DRIFT.defaultValue),
  ),
  RETENTION_DAYS: describe('RETENTION_DAYS', wholeNumber(1).prefault(variables.RETENTION_DAYS.defaultValue)),
  RETENTION_MIN_BACKUPS: describe(
    'RETENTION_MIN_BACKUPS',
    wholeNumber(1).prefault(variables.RETENTION_MIN_BACKUPS.defaultValue),
  ),
  RETENTION_DAILY: describe('RETENTION_DAILY', wholeNumber(0).prefault(variables.RETENTION_DAILY.defaultValue)),
  RETENTION_WEEKLY: describe('RETENTION_WEEKLY', wholeNumber(0).prefault(variables.RETENTION_WEEKLY.defaultValue)),
  RETENTION_MONTHLY: describe('RETENTION_MONTHLY', wholeNumber(0).prefault(variables.RETENTION_MONTHLY.defaultValue)),
  ...scheduleShape,
  STATE_DIR: describe('STATE_DIR', text.optional()),
  PG_BIN_DIR: describe('PG_BIN_DIR', text.optional()),
  ...limitShape,
  ...metricsShape,
  ...alertFields,
  ...logShape,
});

export type ProjectSettings = z.output<typeof projectSchema>;

/**
 * Validates values by one of the schemas; what is wrong is added to `problems`. Undefined when anything is.
 */
export function validate<Shape extends z.ZodRawShape>(
  schema: z.ZodObject<Shape>,
  values: ReadonlyMap<string, string>,
  problems: { add(name: string, text: string): void },
): z.output<z.ZodObject<Shape>> | undefined {
  const result = schema.safeParse(Object.fromEntries(values));
  for (const issue of result.error?.issues ?? []) problems.add(String(issue.path[0]), issue.message);
  return result.data;
}
