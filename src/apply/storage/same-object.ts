import { parseObjectRow } from '../../domain/storage/rows.ts';
import type { SidecarObject } from '../../domain/storage/sidecar.ts';
import type { TargetObject } from './target-rows.ts';

/**
 * Whether a row of the target tells that the object is there as it was captured; `row only` where its bytes may be missing all the same.
 * An upload gets a version of its own, and afterwards the time of its last change becomes the captured one: so a row with another version
 * and that time is of a restore, and nobody has touched it since. A row with the captured version may be of a dump alone.
 */
export function compareWithRow({ size, row }: SidecarObject, found: TargetObject | undefined): 'same' | 'row only' | 'other' {
  if (found === undefined || found.size !== String(size)) return 'other';
  const captured = parseObjectRow(row);
  if (found.version !== (captured.version ?? null)) return isSameTime(found.updatedAt, captured.updated_at) ? 'same' : 'other';
  return found.eTag === (captured.metadata?.eTag ?? null) ? 'row only' : 'other';
}

/** PostgreSQL writes microseconds; what the API has told of, with a Z at its end, has milliseconds, and so it was written. */
function isSameTime(found: string | null, captured: string | null | undefined): boolean {
  if (found === null || captured === null || captured === undefined) return false;
  return found === captured || (captured.endsWith('Z') && Date.parse(found) === Date.parse(captured));
}
