import { createHash } from 'node:crypto';
import type { RunContext } from '../context.ts';
import type { Part } from '../domain/manifest.ts';
import { releasing } from '../release-memory.ts';
import { readExport } from './read-export.ts';
import { verificationError } from './verification-error.ts';

type ArchivedPart = Pick<Part, 'path' | 'bytes' | 'sha256'>;

interface ManifestWithParts {
  readonly parts: readonly ArchivedPart[];
}

/**
 * Reads every part whose checksum the manifest knows, which is all of them but the dump, and compares. Answers how many.
 * Throws AppError verification_failed.
 */
export async function verifyParts(context: RunContext, archive: string, manifest: ManifestWithParts): Promise<number> {
  const parts = manifest.parts.filter(({ sha256 }) => sha256 !== null);
  const found = await measureParts(context, archive, parts);
  for (const part of parts) {
    const measured = found.get(part.path);
    if (measured === undefined) throw verificationError(archive, `it lacks ${part.path}`);
    if (measured.bytes !== part.bytes) {
      throw verificationError(archive, `${part.path} has ${measured.bytes} bytes, and had ${part.bytes} when it was captured`);
    }
    if (measured.sha256 !== part.sha256) {
      throw verificationError(archive, `${part.path} has another content than when it was captured`);
    }
  }
  return parts.length;
}

export interface Measured {
  readonly bytes: number;
  readonly sha256: string;
}

/** Most of the time of a Borg is its start: so one for all parts, as a tar. */
function measureParts(context: RunContext, archive: string, parts: readonly ArchivedPart[]): Promise<Map<string, Measured>> {
  return readExport(context, { archive, paths: parts.map(({ path }) => path) }, async (entries) => {
    const found = new Map<string, Measured>();
    for await (const entry of entries) {
      const measured = await measure(releasing(entry));
      if (entry.header.type === 'file') found.set(entry.header.name, measured);
    }
    return found;
  });
}

/** Reads a stream to its end. */
export async function measure(stream: AsyncIterable<Buffer>): Promise<Measured> {
  const hash = createHash('sha256');
  let bytes = 0;
  for await (const chunk of stream) {
    hash.update(chunk);
    bytes += chunk.length;
  }
  return { bytes, sha256: hash.digest('hex') };
}
