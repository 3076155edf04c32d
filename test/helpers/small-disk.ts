import { appendFileSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { execa } from 'execa';
import { whenTestEnds } from './cleanup.ts';
import { createTemporaryDirectory } from './temporary-directory.ts';

/** A file system of so many bytes ("20m"), gone when the test is over; undefined where this process may mount none. */
export async function mountSmallDisk(size: string): Promise<string | undefined> {
  const disk = join(await createTemporaryDirectory(), 'disk');
  await mkdir(disk);
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
