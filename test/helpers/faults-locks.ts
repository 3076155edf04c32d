import { createHash } from 'node:crypto';
import { once } from 'node:events';
import type { Dirent } from 'node:fs';
import { mkdir, readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { execa } from 'execa';
import { expect } from 'vitest';
import type { TestRepository } from './borg.ts';

/** Who holds Borg's lock of the repository, as Borg writes it: `HOST@NUMBER.PID-THREAD`; empty when nobody does, for reading neither. */
export async function readHolders({ location }: TestRepository): Promise<string[]> {
  const exclusive = await readdir(join(location, 'lock.exclusive')).catch(() => []);
  const roster = await readFile(join(location, 'lock.roster'), 'utf8').catch(() => '{}');
  const shared = Object.values(JSON.parse(roster || '{}') as Record<string, unknown[][]>).flat();
  return [...exclusive, ...shared.map((holder) => holder.join(' '))];
}

/** A lock of another host, as Borg leaves it there: of one that writes, or of one that reads. */
export async function lockElsewhere({ location }: TestRepository, how: 'exclusive' | 'shared'): Promise<void> {
  if (how === 'shared') {
    await writeFile(join(location, 'lock.roster'), JSON.stringify({ shared: [['elsewhere@1', 4711, 0]] }));
    return;
  }
  await mkdir(join(location, 'lock.exclusive'));
  await writeFile(join(location, 'lock.exclusive', 'elsewhere@1.4711-0'), '');
}

/**
 * Has a plain Borg hold the lock for so long. Throws when somebody has changed anything meanwhile, or has taken the lock.
 * @param environment of that Borg, which tells its host
 */
export async function holdLock(
  repository: TestRepository,
  environment: Readonly<Record<string, string>>,
  ms: number,
): Promise<void> {
  // It lets go when its standard input ends, and not before all has been looked at.
  const borg = execa('borg', ['--lock-wait=60', 'with-lock', '::', 'sh', '-c', 'echo held; cat'], {
    env: environment,
    extendEnv: false,
    stdin: 'pipe',
  });
  try {
    await Promise.race([once(borg.stdout, 'data'), borg]);
    const before = await describeAll(repository);
    await sleep(ms);
    expect(await describeAll(repository)).toBe(before);
  } finally {
    borg.stdin.end();
    await borg;
  }
}

/** All files of the repository with their sizes and times, its locks too. */
async function describeAll({ location }: TestRepository): Promise<string> {
  const entries = await listAll(location);
  // Whoever waits for the lock makes a directory of its own beside it again and again.
  const files = entries
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .filter((file) => !file.includes('lock.exclusive.'));
  const lines = await Promise.all(
    files.toSorted().map(async (file) => {
      const { size, mtimeMs } = await stat(file);
      return `${file} ${size} ${mtimeMs}`;
    }),
  );
  return createHash('sha256').update(lines.join('\n')).digest('hex');
}

/** Once more where a directory goes between its being listed and being read: those who wait for the lock remove their own. */
async function listAll(directory: string): Promise<Dirent[]> {
  for (;;) {
    try {
      return await readdir(directory, { recursive: true, withFileTypes: true });
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    }
  }
}
