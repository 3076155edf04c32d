import type { RunContext } from '../context.ts';
import type { StorageManifest } from '../domain/storage/manifest.ts';
import type { SidecarObject } from '../domain/storage/sidecar.ts';
import { releasing } from '../release-memory.ts';
import { readExport, type ExportedFile } from './read-export.ts';
import { readObjectLines } from './read-sidecar.ts';
import { verificationError } from './verification-error.ts';
import { measure } from './verify-parts.ts';

/**
 * Reads every object of a storage archive and compares its size and its SHA-256 with the sidecar, which stands before the objects of
 * its bucket. Holds the lines of one bucket at a time. Answers how many bytes it was. Throws AppError verification_failed.
 */
export async function verifyObjects(context: RunContext, archive: string, manifest: StorageManifest): Promise<number> {
  if (manifest.buckets.length === 0) return 0;
  const sidecars = new Set(manifest.parts.map(({ path }) => path));
  const found = await readExport(context, { archive, paths: ['storage'] }, (entries) =>
    compareObjects(context, { archive, sidecars }, entries),
  );
  if (found.objects !== manifest.totals.objects || found.bytes !== manifest.totals.bytes) {
    const told = `${manifest.totals.objects} objects with ${manifest.totals.bytes} bytes`;
    throw verificationError(archive, `its manifest tells of ${told}, and it holds ${found.objects} with ${found.bytes}`);
  }
  return found.bytes;
}

interface StorageArchiveFacts {
  readonly archive: string;
  readonly sidecars: ReadonlySet<string>;
}

async function compareObjects(
  context: RunContext,
  { archive, sidecars }: StorageArchiveFacts,
  entries: AsyncIterable<ExportedFile>,
): Promise<{ objects: number; bytes: number }> {
  const found = { objects: 0, bytes: 0 };
  let expected: SidecarObject[] = [];
  let next = 0;
  const assertAllSeen = (): void => {
    const missing = expected[next];
    if (missing !== undefined) throw verificationError(archive, `it lacks ${missing.path}, which its sidecar names`);
  };
  for await (const entry of entries) {
    const path = entry.header.name;
    if (sidecars.has(path)) {
      // The other sidecar of a bucket holds its settings, and stands before its objects as well.
      if (!path.endsWith('/objects.jsonl')) {
        await measure(releasing(entry));
        continue;
      }
      assertAllSeen();
      expected = [];
      for await (const object of readObjectLines(archive, entry)) expected.push(object);
      next = 0;
      continue;
    }
    const object = expected[next];
    next += 1;
    if (object === undefined || object.path !== path) {
      throw verificationError(archive, `it holds ${path}, where its sidecar names ${object?.path ?? 'nothing'}`);
    }
    const { bytes, sha256 } = await measure(releasing(entry));
    if (bytes !== object.size || sha256 !== object.sha256) {
      throw verificationError(archive, `${path} has another content than when it was downloaded`);
    }
    found.bytes += bytes;
    found.objects += 1;
    context.progress.bytes(found.bytes);
  }
  assertAllSeen();
  return found;
}
