import { createHash } from 'node:crypto';
import type { Readable } from 'node:stream';
import { extract } from 'tar-stream';
import type { RunContext } from '../context.ts';
import type { Part } from '../domain/manifest.ts';
import { nameArchive } from './read.ts';
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

interface Measured {
  readonly bytes: number;
  readonly sha256: string;
}

/** Most of the time of a Borg is its start: so one for all parts, as a tar. */
async function measureParts(
  context: RunContext,
  archive: string,
  parts: readonly ArchivedPart[],
): Promise<Map<string, Measured>> {
  context.signal.throwIfAborted();
  const reading = context.repository.startExport(
    archive,
    parts.map(({ path }) => path),
  );
  const end = (): void => void reading.terminate();
  context.signal.addEventListener('abort', end, { once: true });
  try {
    const found = await readTar(reading.stdout!);
    const borg = await reading.finished;
    context.signal.throwIfAborted();
    // What is not in the archive is named by whoever misses it.
    if (borg.stderr.includes('never matched')) return found;
    context.repository.assertRead(borg);
    return found;
  } catch (error) {
    await reading.terminate();
    context.signal.throwIfAborted();
    const borg = await reading.finished;
    throw borg.exitCode === 0 ? error : nameFault(context, archive, { borg, error });
  } finally {
    context.signal.removeEventListener('abort', end);
  }
}

/** A tar that breaks off says less than the Borg that broke it off. */
function nameFault(
  context: RunContext,
  archive: string,
  { borg, error }: { readonly borg: Parameters<RunContext['repository']['assertRead']>[0]; readonly error: unknown },
): unknown {
  try {
    context.repository.assertRead(borg);
    return error;
  } catch (fault) {
    return nameArchive(archive, fault);
  }
}

async function readTar(stream: Readable): Promise<Map<string, Measured>> {
  const found = new Map<string, Measured>();
  const unpacking = stream.pipe(extract());
  stream.on('error', (error) => unpacking.destroy(error));
  for await (const entry of unpacking) {
    const hash = createHash('sha256');
    let bytes = 0;
    for await (const chunk of entry as AsyncIterable<Buffer>) {
      hash.update(chunk);
      bytes += chunk.length;
    }
    if (entry.header.type === 'file') found.set(entry.header.name, { bytes, sha256: hash.digest('hex') });
  }
  return found;
}
