import type { RunContext } from '../context.ts';
import { isDamage } from '../errors.ts';
import type { StorageManifest } from '../domain/storage/manifest.ts';
import { objectPath } from '../domain/storage/object-path.ts';
import { objectsSidecarPath, type SidecarObject } from '../domain/storage/sidecar.ts';
import { checked } from './checked-bytes.ts';
import { readExport, type ExportedFile } from './read-export.ts';
import { assertPlaced, readObjectLines } from './read-sidecar.ts';
import { verificationError } from './verification-error.ts';
import { measure } from './verify-parts.ts';

export interface StorageSource {
  readonly archive: string;
  readonly manifest: StorageManifest;
}

/** An object that is wanted, and where it goes. */
export interface ExtractedObject extends Pick<SidecarObject, 'name' | 'size' | 'sha256'> {
  readonly bucket: string;
  /** Relative, with forward slashes. */
  readonly target: string;
  readonly modified: Date | undefined;
}

export interface ObjectOutput {
  /** Reads the content to its end. What that throws, this throws as well, once the output has been put in order. */
  write(object: ExtractedObject, content: AsyncIterable<Buffer>): Promise<void>;
}

/** How many sidecars one Borg is asked for. */
const sidecarsAtOnce = 200;

/**
 * Hands the lines of the sidecars of these buckets to `visit`, which has to read them to their end. Throws AppError
 * verification_failed when a sidecar is not the one that was archived.
 */
export async function readSidecars(
  context: RunContext,
  source: StorageSource,
  buckets: readonly string[],
  visit: (bucket: string, objects: AsyncIterable<SidecarObject>) => Promise<void>,
): Promise<void> {
  const { archive, manifest } = source;
  const parts = new Map(manifest.parts.map((part) => [part.path, part]));
  for (let start = 0; start < buckets.length; start += sidecarsAtOnce) {
    const missing = new Map(buckets.slice(start, start + sidecarsAtOnce).map((id) => [objectsSidecarPath(id), id]));
    await readExport(context, { archive, paths: [...missing.keys()] }, async (entries) => {
      for await (const entry of entries) {
        const path = assertOrdinary(archive, entry);
        const [bucket, part] = [missing.get(path), parts.get(path)];
        missing.delete(path);
        if (bucket === undefined || part === undefined) await measure(entry);
        else await visit(bucket, readLines(source, bucket, checked(archive, { ...part, size: part.bytes }, entry)));
      }
    });
    const [lacked] = missing.keys();
    if (lacked !== undefined) throw verificationError(archive, `it lacks ${lacked}`);
  }
}

export interface CopyRequest {
  readonly source: StorageSource;
  /** What Borg is asked for: holds the sidecar of each bucket that objects are wanted of. */
  readonly paths: readonly string[];
  /** Chooses of the objects of a bucket those that are wanted; reads all of them. */
  readonly choose: (bucket: string, objects: AsyncIterable<SidecarObject>) => Promise<readonly ExtractedObject[]>;
  readonly output: ObjectOutput;
  readonly onCopied: (object: ExtractedObject) => void;
  /** More bytes were read of what is wanted. */
  readonly onBytes: (more: number) => void;
  /** The object is not in the archive, or is not what was archived. */
  readonly onDamaged: (object: ExtractedObject, reason: string) => void;
}

/** Copies objects out of an archive, each compared with its sidecar. Holds the lines of one bucket. Throws AppError. */
export async function copyObjects(context: RunContext, request: CopyRequest): Promise<void> {
  const { archive, manifest } = request.source;
  const sidecars = new Map(manifest.buckets.map(({ id }) => [objectsSidecarPath(id), id]));
  let wanted = new Map<string, ExtractedObject>();
  const nameMissing = (): void => {
    for (const object of wanted.values()) request.onDamaged(object, 'the archive lacks it');
  };
  await readExport(context, { archive, paths: request.paths }, async (entries) => {
    for await (const entry of entries) {
      const path = assertOrdinary(archive, entry);
      const [bucket, object] = [sidecars.get(path), wanted.get(path)];
      if (bucket !== undefined) {
        nameMissing();
        const objects = await request.choose(bucket, readLines(request.source, bucket, entry));
        wanted = new Map(objects.map((chosen) => [objectPath(bucket, chosen.name), chosen]));
      } else if (object === undefined) await measure(entry);
      else {
        wanted.delete(path);
        await copyObject(request, object, entry);
      }
    }
    nameMissing();
  });
}

async function copyObject(request: CopyRequest, object: ExtractedObject, entry: ExportedFile): Promise<void> {
  const { source, output, onCopied, onBytes, onDamaged } = request;
  if (entry.header.size !== object.size) {
    await measure(entry);
    onDamaged(object, `has ${entry.header.size} bytes, and had ${object.size} when it was downloaded`);
    return;
  }
  try {
    await output.write(object, checked(source.archive, { ...object, path: entry.header.name }, entry, onBytes));
    onCopied(object);
  } catch (error) {
    if (!isDamage(error)) throw error;
    onDamaged(object, 'has another content than when it was downloaded');
  }
}

/** No archive of ours holds anything but files. Directories, which others may add, are made by whoever writes a file. */
function assertOrdinary(archive: string, { header }: ExportedFile): string {
  const isOrdinary = header.type === 'file' || header.type === 'contiguous-file' || header.type === 'directory';
  if (!isOrdinary) throw verificationError(archive, `it holds ${header.name}, which is a ${header.type} and no file`);
  const leadsAway = header.name.startsWith('/') || header.name.split('/').includes('..');
  if (leadsAway) throw verificationError(archive, `it holds ${header.name}, which leads out of it`);
  return header.name;
}

/** Each object is named once, and lies where its name says: what is asked of Borg, and where it is written, rely on that. */
async function* readLines(
  { archive }: StorageSource,
  bucket: string,
  content: AsyncIterable<Buffer>,
): AsyncGenerator<SidecarObject> {
  const seen = new Set<string>();
  for await (const object of readObjectLines(archive, content)) {
    assertPlaced(archive, bucket, object);
    if (seen.has(object.path)) throw verificationError(archive, `its sidecar names ${object.path} twice`);
    seen.add(object.path);
    yield object;
  }
}
