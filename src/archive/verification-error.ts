import { formatVersion, type NewerManifest } from '../domain/manifest.ts';
import { AppError } from '../errors.ts';

/** An archive, or a backup as a whole, that cannot be relied upon. */
export function verificationError(name: string, what: string): AppError {
  return new AppError('verification_failed', `${name} is not good: ${what}.`, {
    hint: 'Restore from another backup (`agent verify --all` tells which are good), run a new one now, and check the repository with `borg check --verify-data`.',
  });
}

/** Of an archive that this version cannot read, which says nothing of the archive. */
export class LayoutError extends AppError {}

/** An archive of a newer agent. */
export function layoutError(name: string, newer: NewerManifest): LayoutError {
  const by = newer.agentVersion === undefined ? 'a newer agent' : `agent ${newer.agentVersion}`;
  const what = `${name} was written by ${by} in layout ${newer.formatVersion}; this one reads layout ${formatVersion}`;
  return new LayoutError('verification_failed', `${what}. Nothing says that the archive is not good.`, {
    hint: 'Install that version of the agent or a newer one. RECOVERY.md in the archive tells how to restore without any.',
  });
}
