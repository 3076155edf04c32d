import type { Session } from '../../context.ts';
import { inBatches } from '../../domain/batches.ts';
import type { InventoryObject } from '../../domain/storage/inventory.ts';
import type { SidecarObject } from '../../domain/storage/sidecar.ts';
import { compareWithRow } from './same-object.ts';
import { findObjects, findOtherObjects, type TargetObject } from './target-rows.ts';

/** Objects of a target that a restore writes over, or removes. */
export interface EndangeredObjects {
  readonly what: 'replaced' | 'removed';
  readonly objects: readonly InventoryObject[];
}

/** Rows that are asked for at once. */
const portion = 500;

/** What of a bucket is in danger, a portion at a time: what differs from these objects and, where it is cleaned, what is none of them. */
export async function* findEndangered(
  session: Pick<Session, 'query'>,
  bucket: string,
  {
    objects,
    isCleaned,
  }: { readonly objects: Iterable<SidecarObject> | AsyncIterable<SidecarObject>; readonly isCleaned: boolean },
): AsyncGenerator<EndangeredObjects> {
  const known: string[] = [];
  for await (const part of inBatches(objects, portion)) {
    const names = part.map(({ name }) => name);
    if (isCleaned) known.push(...names);
    const found = await findObjects(session, bucket, names);
    const differing = part.flatMap((object) => {
      const row = found.get(object.name);
      return row !== undefined && compareWithRow(object, row) === 'other' ? [toObject(bucket, row)] : [];
    });
    yield { what: 'replaced', objects: differing };
  }
  if (!isCleaned) return;
  for await (const names of inBatches(await findOtherObjects(session, bucket, known), portion)) {
    const found = await findObjects(session, bucket, names);
    yield { what: 'removed', objects: [...found.values()].map((row) => toObject(bucket, row)) };
  }
}

function toObject(bucket: string, { size, ...row }: TargetObject): InventoryObject {
  return { bucket, ...row, size: size !== null && /^\d{1,15}$/.test(size) ? Number(size) : null };
}
