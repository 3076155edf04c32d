import { join } from 'node:path';
import { findEndangered, type EndangeredObjects } from '../apply/storage/endangered.ts';
import { findBuckets, findOtherBuckets } from '../apply/storage/target-rows.ts';
import { readSidecars } from '../archive/extract-objects.ts';
import type { TargetConfig } from '../config/project-config.ts';
import type { RunContext, Session } from '../context.ts';
import type { StorageManifest } from '../domain/storage/manifest.ts';
import { filterSelected, touchesBucket, type ObjectSelection } from '../domain/storage/object-selection.ts';
import type { SidecarObject } from '../domain/storage/sidecar.ts';
import type { Mirror } from '../object-store.ts';
import { requireTargetDatabase } from './configured-database.ts';
import type { RunFrame } from './run.ts';

export interface EndangeringRestore {
  /** The name of the storage archive, and its manifest. */
  readonly archive: string;
  readonly manifest: StorageManifest;
  readonly target: TargetConfig;
  readonly selection: ObjectSelection;
  /** Whether what the backup does not hold goes from a bucket. */
  readonly cleans: (bucket: string) => boolean;
}

/** What a restore of objects will write over and remove on its target. */
export interface Endangered {
  readonly replaced: number;
  readonly removed: number;
  readonly bytes: number;
  /** A mirror of the target that holds no bytes yet; its inventory has these objects and no others. */
  readonly mirror: Mirror;
  close(): void;
}

/**
 * Looks at the target before anything is written to it; reads rows alone. What it notes lies in the run's directory. The caller closes it.
 * Throws AppError.
 */
export async function findEndangeredObjects(
  context: RunContext,
  frame: RunFrame,
  request: EndangeringRestore,
): Promise<Endangered> {
  const mirror = context.openMirror(join(frame.directory, 'target'));
  try {
    const counts = await fillInventory(context, mirror, request);
    return { ...counts, bytes: mirror.summary().bytes, mirror, close: () => mirror.close() };
  } catch (error) {
    mirror.close();
    throw error;
  }
}

export function hasObjects(endangered: Endangered | undefined): endangered is Endangered {
  return endangered !== undefined && endangered.replaced + endangered.removed > 0;
}

/** For the plan; `kept` tells whether there will be a safety backup of them. */
export function describeEndangered({ replaced, removed, bytes }: Endangered, kept: boolean): string[] {
  const parts = [
    ...(replaced === 0 ? [] : [`REPLACES ${replaced.toLocaleString('en-US')}`]),
    ...(removed === 0 ? [] : [`REMOVES ${removed.toLocaleString('en-US')}`]),
  ];
  if (parts.length === 0) return [];
  const what = `${parts.join(' and ')} objects of the target's Storage with ${bytes.toLocaleString('en-US')} bytes`;
  return [`${what}; ${kept ? 'they are backed up before' : 'NOTHING KEEPS THEM'}`];
}

async function fillInventory(
  context: RunContext,
  mirror: Mirror,
  { archive, manifest, target, selection, cleans }: EndangeringRestore,
): Promise<{ replaced: number; removed: number }> {
  const counts = { replaced: 0, removed: 0 };
  mirror.startInventory();
  const session = await context.databases.connect(requireTargetDatabase(target));
  try {
    if (!(await hasStorage(session))) return counts;
    const look = async (bucket: string, objects: Iterable<SidecarObject> | AsyncIterable<SidecarObject>): Promise<void> => {
      const found = findEndangered(session, bucket, { objects, isCleaned: cleans(bucket) });
      for await (const portion of found) await note(portion, bucket);
    };
    const note = async ({ what, objects }: EndangeredObjects, bucket: string): Promise<void> => {
      if (objects.length === 0) return;
      mirror.addBuckets(await findBuckets(session, [bucket]));
      mirror.addObjects(objects);
      counts[what] += objects.length;
    };
    const ids = manifest.buckets.map(({ id }) => id).filter((id) => touchesBucket(selection, id));
    await readSidecars(context, { archive, manifest }, ids, async (bucket, lines) => {
      await look(bucket, filterSelected(selection, bucket, lines));
    });
    if (selection.buckets === undefined) {
      for (const id of await findOtherBuckets(session, manifest.buckets)) await look(id, []);
    }
    return counts;
  } finally {
    await session.close();
  }
}

async function hasStorage(session: Session): Promise<boolean> {
  const [row] = await session.query<{ there: boolean }>(
    "SELECT pg_catalog.to_regclass('storage.objects') IS NOT NULL AS there",
  );
  return row?.there === true;
}
