import type { Writable } from 'node:stream';
import {
  copyObjects,
  readSidecars,
  type ExtractedObject,
  type ObjectOutput,
  type StorageSource,
} from '../archive/extract-objects.ts';
import { createTarOutput } from '../archive/tar-output.ts';
import { readStorageManifest } from '../archive/verify.ts';
import type { RunContext } from '../context.ts';
import { createPathChooser } from '../domain/storage/extracted-path.ts';
import { listedNames } from '../domain/storage/manifest.ts';
import { archivedPaths, matchObject, type ObjectSelection, type WantedObjects } from '../domain/storage/object-selection.ts';
import type { SidecarObject } from '../domain/storage/sidecar.ts';
import { AppError } from '../errors.ts';
import { assertAllFound, selectObjects } from './extract-selection.ts';
import { findStorageArchive } from './find-archive.ts';
import { enterStage } from './stage.ts';

export interface ExtractRequest {
  readonly selector: string;
  /** `BUCKET`, `BUCKET/dir/`, `BUCKET/name`; none for everything. */
  readonly paths: readonly string[];
  /** Undefined to tell only what would be extracted. */
  readonly to: { readonly directory: string } | { readonly tar: Writable } | undefined;
}

export interface NamedObject {
  readonly bucket: string;
  readonly name: string;
}

/** However many there are, only the first 1000 are named. */
interface Listed<Item> {
  readonly count: number;
  readonly names: readonly Item[];
}

export interface ExtractReport {
  readonly status: 'complete' | 'damaged';
  readonly backupId: string;
  readonly archive: string;
  /** Those that were written and are whole, and their bytes. */
  readonly objects: number;
  readonly bytes: number;
  /** Those whose name can be no file; `path` is where they went. */
  readonly renamed: Listed<NamedObject & { readonly path: string }>;
  /** Those that the archive does not hold as they were. */
  readonly damaged: Listed<NamedObject & { readonly reason: string }>;
}

/**
 * Takes objects of Storage out of a backup, into a directory or a tar. All sidecars are read before anything is written. Throws
 * AppError: backup_not_found, usage, verification_failed (what is no archive of ours), no_space, failed, interrupted.
 */
export async function extract(context: RunContext, request: ExtractRequest): Promise<ExtractReport> {
  const { backupId, archive } = await findStorageArchive(context, request.selector);
  const source = { archive: archive.name, manifest: await readStorageManifest(context, archive.name) };
  const selection = selectObjects(request.paths, source.manifest);
  const planned = await survey(context, source, selection);
  const facts = { backupId, archive: archive.name, renamed: planned.renamed };
  if (request.to === undefined) return { status: 'complete', ...facts, ...planned.totals, damaged: { count: 0, names: [] } };
  enterStage(context, 'extract', 'Extracting objects');
  const copied = await writeObjects(context, request.to, (output) =>
    copy(context, { source, selection, output, totalBytes: planned.totals.bytes }),
  );
  return { status: copied.damaged.count === 0 ? 'complete' : 'damaged', ...facts, ...copied.totals, damaged: copied.damaged };
}

/** Counts what is selected, and looks whether each of the user's paths selects something. */
async function survey(
  context: RunContext,
  source: StorageSource,
  selection: ObjectSelection,
): Promise<{ totals: { objects: number; bytes: number }; renamed: ExtractReport['renamed'] }> {
  enterStage(context, 'inventory', 'Reading what the archive holds');
  const totals = { objects: 0, bytes: 0 };
  const renamed = createList<NamedObject & { path: string }>();
  const [found, almost] = [new Set<WantedObjects>(), new Set<WantedObjects>()];
  const buckets = [...(selection.buckets?.keys() ?? source.manifest.buckets.map(({ id }) => id))];
  await readSidecars(context, source, buckets, async (bucket, objects) => {
    const chosen = await choose(selection, bucket, objects, (matches) => {
      for (const path of matches.by) found.add(path);
      for (const path of matches.almost) almost.add(path);
    });
    for (const { name, size, target, isRenamed } of chosen) {
      totals.objects += 1;
      totals.bytes += size;
      if (isRenamed) renamed.add({ bucket, name, path: target });
    }
  });
  assertAllFound(selection, found, almost);
  return { totals, renamed };
}

type ChosenObject = ExtractedObject & { readonly isRenamed: boolean };

async function choose(
  selection: ObjectSelection,
  bucket: string,
  objects: AsyncIterable<SidecarObject>,
  onMatch: (matches: ReturnType<typeof matchObject>) => void = () => undefined,
): Promise<ChosenObject[]> {
  const wanted: Omit<ChosenObject, 'target' | 'isRenamed'>[] = [];
  for await (const { name, size, sha256, row } of objects) {
    const matches = matchObject(selection, bucket, name);
    onMatch(matches);
    if (matches.selected) wanted.push({ bucket, name, size, sha256, modified: readModified(row) });
  }
  const pathOf = createPathChooser(
    bucket,
    wanted.map(({ name }) => name),
  );
  return wanted.map((object) => {
    const { path: target, renamed: isRenamed } = pathOf(object.name);
    return { ...object, target, isRenamed };
  });
}

/** When the object was changed last, as its row says. */
function readModified(row: string): Date | undefined {
  const { updated_at: text } = JSON.parse(row) as { updated_at?: unknown };
  const ms = typeof text === 'string' ? Date.parse(text) : Number.NaN;
  return Number.isNaN(ms) ? undefined : new Date(ms);
}

interface CopyPlan {
  readonly source: StorageSource;
  readonly selection: ObjectSelection;
  readonly output: ObjectOutput;
  readonly totalBytes: number;
}

type Copied = { readonly totals: { objects: number; bytes: number }; readonly damaged: ExtractReport['damaged'] };

async function copy(context: RunContext, { source, selection, output, totalBytes }: CopyPlan): Promise<Copied> {
  const totals = { objects: 0, bytes: 0 };
  const damaged = createList<NamedObject & { reason: string }>();
  let readBytes = 0;
  const copying = copyObjects(context, {
    source,
    paths: archivedPaths(selection),
    choose: (bucket, objects) => choose(selection, bucket, objects),
    output,
    onCopied({ size }) {
      totals.objects += 1;
      totals.bytes += size;
    },
    onBytes(more) {
      readBytes += more;
      context.progress.bytes(readBytes, totalBytes);
    },
    onDamaged: ({ bucket, name }, reason) => damaged.add({ bucket, name, reason }),
  });
  await copying.catch((error: unknown) => {
    throw context.signal.aborted ? interrupted(totals.objects, error) : error;
  });
  return { totals, damaged };
}

async function writeObjects(
  context: RunContext,
  to: NonNullable<ExtractRequest['to']>,
  work: (output: ObjectOutput) => Promise<Copied>,
): Promise<Copied> {
  if ('directory' in to) {
    const directory = await context.files.openOutputDirectory(to.directory);
    return work({
      write: ({ target, modified }, content) => directory.write({ path: target, modified }, content),
    });
  }
  const tar = createTarOutput(to.tar, context.signal);
  try {
    const copied = await work(tar);
    await tar.end();
    return copied;
  } finally {
    tar.destroy();
  }
}

function interrupted(objects: number, cause: unknown): AppError {
  return new AppError('interrupted', `Interrupted after ${objects.toLocaleString('en-US')} objects, which are whole.`, {
    hint: 'Start the command again when it suits you; a directory has to be empty again, or another one.',
    cause,
  });
}

function createList<Item>(): Listed<Item> & { add(item: Item): void } {
  const names: Item[] = [];
  let count = 0;
  return {
    names,
    get count() {
      return count;
    },
    add(item) {
      count += 1;
      if (names.length < listedNames) names.push(item);
    },
  };
}
