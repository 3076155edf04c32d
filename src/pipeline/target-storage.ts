import type { StorageConnection, TargetConfig } from '../config/project-config.ts';
import { AppError } from '../errors.ts';

/** How the target's Storage is reached. Throws AppError configuration where that is not configured. */
export function requireTargetStorage({ storage, project }: TargetConfig): StorageConnection {
  if (storage !== undefined) return storage;
  throw new AppError('configuration', `The Storage of the target ${project} is not configured. Nothing was touched.`, {
    hint: 'Its env file needs SUPABASE_URL (or SUPABASE_PROJECT_REF) and SUPABASE_SERVICE_ROLE_KEY; the TEST_ block needs them with TEST_ in front.',
  });
}
