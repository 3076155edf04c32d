import type { RunContext } from '../context.ts';
import type { StorageManifest } from '../domain/storage/manifest.ts';
import { verifyParts } from './verify-parts.ts';
import { readStorageManifest } from './verify.ts';

/**
 * Reads a storage archive back: its manifest must parse, and RECOVERY.md and every sidecar must be what was written. Reads no object.
 * Throws AppError verification_failed.
 */
export async function verifyStorageArchive(context: RunContext, archive: string): Promise<StorageManifest> {
  const manifest = await readStorageManifest(context, archive);
  if (manifest.parts.length > 0) await verifyParts(context, archive, manifest);
  return manifest;
}
