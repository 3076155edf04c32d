import { readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { LeastRoom } from '../../context.ts';

/**
 * What Borg wants to be free before it writes an archive at all, as far as its files tell:
 * - before each commit, four times the size of the repository's index, and `additional_free_space`; with ten or more segments to be compacted 520 MiB more,
 *   which is left out here: nobody but Borg knows (Repository.check_free_space of 1.2 and 1.4);
 * - a copy of its cache's index of chunks, before it begins (LocalCache.begin_txn).
 *
 * A remote repository tells nothing, nor does one that Borg has no cache of.
 */
export async function measureLeastRoom(
  location: string,
  environment: Readonly<Record<string, string>>,
): Promise<readonly LeastRoom[]> {
  if (!location.startsWith('/')) return [];
  const config = await readFile(join(location, 'config'), 'utf8').catch(() => '');
  const id = /^id = ([0-9a-f]{64})$/m.exec(config)?.[1];
  const extra = /^additional_free_space = (\d+)$/m.exec(config)?.[1];
  const caches = environment['BORG_CACHE_DIR'] ?? join(environment['BORG_BASE_DIR'] ?? '', '.cache/borg');
  const cache = id === undefined ? undefined : join(caches, id);
  const rooms = [
    { directory: location, bytes: 4 * (await indexBytes(location)) + Number(extra ?? 0) },
    ...(cache === undefined ? [] : [{ directory: caches, bytes: await sizeOf(join(cache, 'chunks')) }]),
  ];
  return rooms.filter(({ bytes }) => bytes > 0);
}

async function indexBytes(location: string): Promise<number> {
  const names = (await readdir(location).catch(() => [])).filter((name) => /^index\.\d+$/.test(name));
  const sizes = await Promise.all(names.map((name) => sizeOf(join(location, name))));
  return Math.max(0, ...sizes);
}

async function sizeOf(path: string): Promise<number> {
  return stat(path).then(
    ({ size }) => size,
    () => 0,
  );
}
