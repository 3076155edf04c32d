import { join, relative } from 'node:path';
import { execa } from 'execa';
import { expect, test } from 'vitest';
import { readAnyManifest } from '../../src/archive/verify.ts';
import { AppError } from '../../src/errors.ts';
import { verify } from '../../src/pipeline/verify.ts';
import { extractArchive } from '../helpers/archived-objects.ts';
import { chooseFlip, flipBit, listFiles } from '../helpers/bit-flips.ts';
import { createTestContext } from '../helpers/context.ts';
import { createEnds, faultRounds, faultSeed, recordFaults } from '../helpers/faults.ts';
import { createFlipScene, finishedArchives } from '../helpers/flip-scene.ts';
import { createRandom } from '../helpers/random.ts';

const flips = faultRounds(4, 200);

test(
  `${flips} bits flipped in what the agent hands to Borg (seed ${faultSeed}): found by verify, or nothing reads otherwise`,
  { timeout: 600_000 + flips * 60_000 },
  async () => {
    const random = createRandom(faultSeed);
    const { ends, count } = createEnds();
    const { repository, database, path } = await createFlipScene();
    const context = await createTestContext({ database, repository, path });
    const archives = await Promise.all(
      (await finishedArchives(repository)).map(async (name) => ({
        kind: name.replace(/.*-/, ''),
        manifest: await readAnyManifest(context, name),
        directory: await extractArchive(repository, name),
      })),
    );

    for (let round = 1; round <= flips; round += 1) {
      const { kind, manifest, directory } = archives[Math.floor(random() * archives.length)]!;
      const flip = chooseFlip(random, chooseParts(random, directory));
      const told = `seed ${faultSeed}, round ${round}: bit ${flip.bit} of ${relative(directory, flip.path)} (${kind})`;
      const backupId = 'shop-20260101T000000Z';
      flipBit(flip);
      const args = ['create', '--files-cache=disabled', `::${backupId}-${kind}`, ...listParts(directory)];
      await execa('borg', args, { env: repository.environment, extendEnv: false, cwd: directory });
      flipBit(flip);
      const request = { backups: { selector: backupId }, data: true };
      const error: unknown = await verify(context, request).catch((thrown: unknown) => thrown);
      const read = error instanceof AppError ? undefined : await readAnyManifest(context, `${backupId}-${kind}`);
      await repository.borg('delete', `::${backupId}-${kind}`);
      if (error instanceof AppError) {
        expect(error.code, `${told}: ${error.message}`).toBe('verification_failed');
        count('found by verify');
      } else {
        expect(error, told).toMatchObject({ status: 'complete' });
        // Every other file has a checksum in the manifest.
        expect(flip.path, told).toBe(join(directory, 'manifest.json'));
        expect(read, told).toEqual(manifest);
        count('harmless: read as before');
      }
    }
    recordFaults({
      group: 'archive-flips',
      fault: 'one bit flipped in a manifest, a sidecar, another part or an object, before Borg has archived it',
      rounds: flips,
      ends,
    });
  },
);

/** Manifests more often than others. The dump, which goes past the agent, has no checksum but Borg's. */
function chooseParts(random: () => number, directory: string): string[] {
  const manifest = join(directory, 'manifest.json');
  if (random() < 0.4) return [manifest];
  const others = ['manifest.json', 'database/full.dump'].map((name) => join(directory, name));
  return listFiles(directory).filter((file) => !others.includes(file));
}

/** All files of an archive in the order of the agent: the sidecars of a bucket stand before its objects. */
function listParts(directory: string): string[] {
  const key = (path: string): string =>
    path === 'manifest.json' ? 'z' : path.replace(/^(storage\/[^/]+)\/(bucket.json|objects.jsonl)$/, '$1/');
  const paths = listFiles(directory).map((file) => relative(directory, file));
  return paths.toSorted((a, b) => (key(a) < key(b) ? -1 : Number(key(a) > key(b))));
}
