import type { ConnectionConfig, ProjectConfig, TargetConfig } from '../config/project-config.ts';
import { AppError } from '../errors.ts';

/** The database of the project. Throws AppError configuration where Storage alone is configured. */
export function requireDatabase({ project, database }: Pick<ProjectConfig, 'project' | 'database'>): ConnectionConfig {
  if (database !== undefined) return database;
  throw new AppError('configuration', `The project ${project} has no database configured. Nothing was started.`, {
    hint: 'Put SUPABASE_DB_URL (or SUPABASE_PROJECT_REF and SUPABASE_DB_PASSWORD) into the env file. Without it backups hold Storage alone.',
  });
}

/** The database of a target; objects need it as well, since their owners and times are set there. Throws AppError configuration. */
export function requireTargetDatabase({ project, database }: TargetConfig): ConnectionConfig {
  if (database !== undefined) return database;
  throw new AppError('configuration', `The target ${project} has no database configured. Nothing was touched.`, {
    hint: 'Its env file needs SUPABASE_DB_URL (or SUPABASE_PROJECT_REF and SUPABASE_DB_PASSWORD); the TEST_ block needs them with TEST_ in front. Objects need it as well: their owners and times are set there. Without it `agent extract` takes them out of a backup as files.',
  });
}
