import { createHash } from 'node:crypto';
import type { Readable } from 'node:stream';
import type { RunContext } from '../context.ts';
import type { Manifest } from '../domain/manifest.ts';
import { assertWhole, streamArchived } from './read.ts';
import { verificationError } from './verification-error.ts';

/**
 * Reads every part whose checksum the manifest knows, which is all of them but the dump, and compares. Answers how many.
 * Throws AppError verification_failed.
 */
export async function verifyParts(context: RunContext, archive: string, manifest: Manifest): Promise<number> {
  const parts = manifest.parts.filter(({ sha256 }) => sha256 !== null);
  for (const { path, bytes, sha256 } of parts) {
    const file = { archive, path };
    const { result: found, borg } = await streamArchived(context, file, measure);
    assertWhole(context, file, borg);
    if (found.sha256 === sha256 && found.bytes === bytes) continue;
    const detail = found.bytes === bytes ? 'another content' : `${found.bytes} bytes instead of ${bytes}`;
    throw verificationError(archive, `${path} has ${detail} than when it was captured`);
  }
  return parts.length;
}

async function measure(stream: Readable): Promise<{ bytes: number; sha256: string }> {
  const hash = createHash('sha256');
  let bytes = 0;
  for await (const chunk of stream as AsyncIterable<Buffer>) {
    hash.update(chunk);
    bytes += chunk.length;
  }
  return { bytes, sha256: hash.digest('hex') };
}
