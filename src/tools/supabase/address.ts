import { StorageError } from '../../domain/storage/storage-error.ts';

/**
 * Each segment percent-encoded, all slashes kept. Throws StorageError for what no URL can carry: `.` and `..` are resolved by whoever
 * sees them, encoded or not, and lead to another object.
 */
export function encodePath(name: string): string {
  const segments = name.split('/');
  const dots = segments.find(isDots);
  if (dots !== undefined)
    throw new StorageError(
      'invalid',
      `${name}: a segment "${dots}" cannot be part of an address, so the Storage API cannot reach it.`,
    );
  checkName(name);
  return segments.map(encodeURIComponent).join('/');
}

/** Whether the name has a segment that no URL can carry. */
export function hasDotSegment(name: string): boolean {
  return name.split('/').some(isDots);
}

/** Throws StorageError for what is no name in any request. */
export function checkName(name: string): void {
  if (name === '') throw new StorageError('invalid', 'The Storage API has no address for an object without a name.');
  if (!name.isWellFormed())
    throw new StorageError('invalid', 'The Storage API has no address for a name that is no Unicode text.');
}

function isDots(segment: string): boolean {
  return segment === '.' || segment === '..';
}
