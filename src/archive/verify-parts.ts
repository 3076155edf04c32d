import { createHash } from 'node:crypto';
import type { Readable } from 'node:stream';
import type { RunContext } from '../context.ts';
import type { Manifest, Part } from '../domain/manifest.ts';
import { assertWhole, streamArchived } from './read.ts';
import { verificationError } from './verification-error.ts';

/**
 * Reads every part whose checksum the manifest knows, which is all of them but the dump, and compares. Answers how many.
 * Throws AppError verification_failed.
 */
export async function verifyParts(context: RunContext, archive: string, manifest: Manifest): Promise<number> {
  const parts = manifest.parts.filter(({ sha256 }) => sha256 !== null);
  // Each is small and takes a Borg of its own, most of whose time is its start: so all at once.
  const outcomes = await Promise.allSettled(parts.map((part) => verifyPart(context, archive, part)));
  for (const outcome of outcomes) if (outcome.status === 'rejected') throw outcome.reason;
  return parts.length;
}

async function verifyPart(context: RunContext, archive: string, { path, bytes, sha256 }: Part): Promise<void> {
  const file = { archive, path };
  const { result: found, borg } = await streamArchived(context, file, measure);
  assertWhole(context, file, borg);
  if (found.bytes !== bytes)
    throw verificationError(archive, `${path} has ${found.bytes} bytes, and had ${bytes} when it was captured`);
  if (found.sha256 !== sha256) throw verificationError(archive, `${path} has another content than when it was captured`);
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
