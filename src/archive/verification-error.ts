import { AppError } from '../errors.ts';

/** An archive, or a backup as a whole, that cannot be relied upon. */
export function verificationError(name: string, what: string): AppError {
  return new AppError('verification_failed', `${name} is not good: ${what}.`, {
    hint: 'Restore from another backup (`agent verify --all` tells which are good), run a new one now, and check the repository with `borg check --verify-data`.',
  });
}
