import type { TargetConfig } from '../config/project-config.ts';
import { AppError } from '../errors.ts';

/** Throws AppError target_refused when the target's configuration does not allow restores into it. */
export function assertAllowed(target: TargetConfig): void {
  if (target.restoreAllowed) return;
  throw new AppError('target_refused', `The project ${target.project} does not allow restores into it. Nothing was touched.`, {
    hint: `If it really is meant to be written over, put RESTORE_ALLOWED=true (TEST_RESTORE_ALLOWED=true for the test block) into ${target.envFile ?? 'its configuration'}.`,
  });
}
