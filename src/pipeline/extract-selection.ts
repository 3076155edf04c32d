import type { StorageManifest } from '../domain/storage/manifest.ts';
import {
  createObjectSelection,
  parseWantedPath,
  type ObjectSelection,
  type WantedObjects,
} from '../domain/storage/object-selection.ts';
import { AppError } from '../errors.ts';

const shownBuckets = 10;

/** What the user's paths select. Throws AppError usage for one whose bucket the backup does not hold. */
export function selectObjects(texts: readonly string[], { buckets }: StorageManifest): ObjectSelection {
  const ids = buckets.map(({ id }) => id);
  const paths = texts.map((text) => {
    const path = parseWantedPath(text, ids);
    if (path !== undefined) return path;
    const some = ids.slice(0, shownBuckets).join(', ');
    throw new AppError('usage', `"${text}" is in no bucket of this backup. Nothing was written.`, {
      hint: ids.length === 0 ? 'It holds no bucket.' : `It holds: ${some}${ids.length > shownBuckets ? ', ...' : ''}.`,
    });
  });
  return createObjectSelection(paths);
}

/** Throws AppError usage for the first path that selects nothing. A bucket may be empty. */
export function assertAllFound(
  { buckets }: ObjectSelection,
  found: ReadonlySet<WantedObjects>,
  almost: ReadonlySet<WantedObjects>,
): void {
  const paths = [...(buckets?.values() ?? [])].flatMap(({ all }) => [...all.values()]);
  const missed = paths.find((path) => path.kind !== 'bucket' && !found.has(path));
  if (missed === undefined) return;
  const { text } = missed;
  if (almost.has(missed)) {
    throw new AppError('usage', `"${text}" is no object, but there are objects below it. Nothing was written.`, {
      hint: `Take all of them: ${text}/`,
    });
  }
  throw new AppError('usage', `"${text}" names no object of this backup. Nothing was written.`, {
    hint: 'What is below a directory is named with a slash at its end. `agent show BACKUP` names what is missing in a backup.',
  });
}
