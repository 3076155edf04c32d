import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { Readable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import { execa } from 'execa';
import { expect, test } from 'vitest';
import { contentOf, workerNames, workerObject } from '../../../helpers/mirror-worker.ts';
import { bytesOf, inventoryObject, namesOf, openTestMirror, takeInventory } from '../../../helpers/mirror.ts';
import { mountSmallDisk } from '../../../helpers/small-disk.ts';
import { createTemporaryDirectory } from '../../../helpers/temporary-directory.ts';

const worker = fileURLToPath(new URL('../../../helpers/mirror-worker.ts', import.meta.url));

/** Lets a process store into a mirror and kills it after so many lines; answers the last round that it took each object in. */
async function storeUntilKilled(directory: string, lines: number): Promise<Map<string, number>> {
  const child = spawn(process.execPath, [worker, directory], { stdio: ['ignore', 'pipe', 'inherit'] });
  const ended = once(child, 'close');
  const taken = new Map<string, number>();
  let count = 0;
  for await (const line of createInterface({ input: child.stdout })) {
    const [round, name] = line.split(' ');
    taken.set(name!, Number(round));
    if (++count === lines) child.kill('SIGKILL');
  }
  await ended;
  expect(child.signalCode).toBe('SIGKILL');
  return taken;
}

test.each([1, 2, 7, 39, 40, 41, 60, 83, 121, 200])(
  'after kill -9 behind object %d nothing finished is lost, and no content is taken for another one',
  async (lines) => {
    const directory = await createTemporaryDirectory();
    const taken = await storeUntilKilled(directory, lines);
    const mirror = openTestMirror(directory);
    expect(await readdir(join(directory, 'partial'))).toEqual([]);
    const lastRound = Math.max(...taken.values());
    const held = new Map<string, number>();
    for (const round of [lastRound - 1, lastRound, lastRound + 1]) {
      takeInventory(
        mirror,
        workerNames.map((name) => workerObject(round, name)),
      );
      for (const { name, path } of mirror.mirrored('docs')) {
        expect(readFileSync(join(directory, path), 'utf8')).toBe(contentOf(round, name));
        held.set(name, round);
      }
    }
    // What was about to be replaced when the process died is downloaded again.
    const lost = [...taken].filter(([name]) => !held.has(name));
    expect(lost.length).toBeLessThanOrEqual(8);
    for (const [name, round] of taken) if (round === lastRound) expect(held.get(name)).toBeGreaterThanOrEqual(round);
    takeInventory(
      mirror,
      workerNames.map((name) => workerObject(lastRound + 1, name)),
    );
    for (const object of mirror.pending()) await mirror.store(object, bytesOf(contentOf(lastRound + 1, object.name)));
    expect([...mirror.mirrored('docs')]).toHaveLength(workerNames.length);
  },
);

test('a full disk is told, harms nothing, and the work goes on when there is room', async ({ skip }) => {
  const disk = (await mountSmallDisk('2m')) ?? skip('This process may mount no small disk.');
  const text = 'x'.repeat(100_000);
  const facts = { version: 'v1', eTag: null };
  const objects = Array.from({ length: 40 }, (_, index) =>
    inventoryObject(`${String(index).padStart(2, '0')}.txt`, text, facts),
  );
  const mirror = openTestMirror(join(disk, 'mirror'));
  takeInventory(mirror, objects);
  let stored = 0;
  const failures: unknown[] = [];
  for (const object of objects) {
    const stream = Readable.from([text.slice(0, 50_000), text.slice(50_000)].map((part) => Buffer.from(part)));
    await mirror.store(object, stream).then(
      () => stored++,
      (error: unknown) => failures.push(error),
    );
    expect(stream.destroyed).toBe(true);
  }
  expect(stored).toBeGreaterThan(5);
  expect(stored + failures.length).toBe(40);
  for (const failure of failures) expect(failure).toMatchObject({ code: 'no_space', exitCode: 21 });
  await expect(mirror.writeText('manifest.json', ['y'.repeat(200_000)])).rejects.toMatchObject({ code: 'no_space' });
  expect(await readdir(join(disk, 'mirror/partial'))).toEqual([]);
  mirror.close();

  await execa('mount', ['-o', 'remount,size=20m', disk]);
  const again = openTestMirror(join(disk, 'mirror'));
  takeInventory(again, objects);
  expect(again.summary().pendingObjects).toBe(failures.length);
  for (const { path } of again.mirrored('docs')) expect(readFileSync(join(disk, 'mirror', path), 'utf8')).toBe(text);
  for (const object of again.pending()) await again.store(object, bytesOf(text));
  expect(namesOf(again.mirrored('docs'))).toEqual(namesOf(objects));
});
