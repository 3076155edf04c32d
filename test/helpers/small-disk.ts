import { appendFileSync } from 'node:fs';
import { mkdir, statfs } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { execa } from 'execa';
import { whenTestEnds } from './cleanup.ts';
import { createTemporaryDirectory } from './temporary-directory.ts';

/**
 * A file system of so many bytes ("20m"), gone when the test is over; undefined where this process may mount none.
 * @param place a directory that is to become one, or to be made; one of its own unless given
 */
export async function mountSmallDisk(size: string, place?: string): Promise<string | undefined> {
  const disk = place ?? join(await createTemporaryDirectory(), 'disk');
  await mkdir(disk, { recursive: true });
  const { failed } = await execa('mount', ['-t', 'tmpfs', '-o', `size=${size}`, 'tmpfs', disk], { reject: false });
  if (failed) {
    console.warn('Not tested: a full disk, because this process may mount no small one.');
    return undefined;
  }
  whenTestEnds(async () => void (await execa('umount', [disk])));
  return disk;
}

/** Fills it to the last page; answers the file that takes the room. */
export function fillDisk(disk: string): string {
  const ballast = join(disk, 'ballast');
  for (const bytes of [1024 * 1024, 4096]) {
    try {
      for (;;) appendFileSync(ballast, Buffer.alloc(bytes));
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOSPC') throw error;
    }
  }
  return ballast;
}

/** Makes it smaller or larger until so many bytes are free. Whoever writes into it meanwhile has them. */
export async function leaveRoom(disk: string, freeBytes: number): Promise<void> {
  for (let times = 0; ; times += 1) {
    const { blocks, bfree, bsize } = await statfs(disk);
    const size = (blocks - bfree) * bsize + freeBytes;
    // It has to hold what is in there: more, perhaps, than a moment ago. A size of 0 would mean none at all.
    const { failed, stderr } = await execa('mount', ['-o', `remount,size=${Math.max(size, bsize)}`, disk], { reject: false });
    if (!failed) return;
    if (times === 200) throw new Error(stderr);
    await sleep(20);
  }
}
