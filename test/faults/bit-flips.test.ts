import { cp, rm } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { expect, test } from 'vitest';
import { AppError } from '../../src/errors.ts';
import { verify } from '../../src/pipeline/verify.ts';
import { runAgent } from '../helpers/agent.ts';
import { chooseBit, chooseFlip, flipBit, listFiles, type Flip } from '../helpers/bit-flips.ts';
import { createTestContext } from '../helpers/context.ts';
import { createTestDatabase } from '../helpers/database.ts';
import { createEnds, faultRounds, faultSeed, recordFaults } from '../helpers/faults.ts';
import { createFlipScene, readArchives, type FlipScene } from '../helpers/flip-scene.ts';
import { createRandom } from '../helpers/random.ts';
import { formatUrl } from '../helpers/project.ts';
import { dumpText } from '../helpers/scenario.ts';
import { createTemporaryDirectory } from '../helpers/temporary-directory.ts';

const minuteMs = 60_000;

/** What an agent on another machine, which has never seen the repository, says of all that is in it. */
async function verifyAnew({ database, repository, path }: FlipScene): Promise<AppError | undefined> {
  const context = await createTestContext({ database, repository, path });
  try {
    await verify(context, { backups: 'all', data: true });
    return undefined;
  } catch (error) {
    if (error instanceof AppError) return error;
    throw error;
  } finally {
    await rm(context.config.stateDirectory, { recursive: true });
  }
}

/** A restore on another machine brings the database as it was, where the damage is elsewhere; or it fails, and has written nothing. */
async function expectAllOrNothing({ project, database, path }: FlipScene, told: string): Promise<void> {
  const target = await createTestDatabase();
  const empty = await dumpText(target);
  const args = ['restore', 'latest', '--to', 'test', '--confirm', 'shop-test', '--env-file', project.envFile, '--json'];
  const stateDirectory = await createTemporaryDirectory();
  const env = { STATE_DIR: stateDirectory, PATH: path, TEST_SUPABASE_DB_URL: formatUrl(target.config) };
  const { exitCode, stdout } = await runAgent(args, { env });
  const isThere = exitCode === 0 || exitCode === 3;
  expect(await dumpText(target), `${told}\n${stdout}`).toBe(isThere ? await dumpText(database) : empty);
  await target.drop();
  await rm(stateDirectory, { recursive: true });
}

const flips = faultRounds(3, 300);

test(
  `${flips} bits flipped in the repository (seed ${faultSeed}): found by verify, or nothing reads otherwise`,
  { timeout: 10 * minuteMs + flips * minuteMs },
  async () => {
    const random = createRandom(faultSeed);
    const ends = { segment: createEnds(), other: createEnds() };
    const scene = await createFlipScene();
    const { repository } = scene;
    const pristine = `${repository.location}.pristine`;
    await cp(repository.location, pristine, { recursive: true });
    const before = await readArchives(repository);

    for (let round = 1; round <= flips; round += 1) {
      await rm(repository.location, { recursive: true });
      await cp(pristine, repository.location, { recursive: true, preserveTimestamps: true });
      await rm(repository.environment['BORG_BASE_DIR']!, { recursive: true, force: true });
      const flip = choosePlace(random, repository.location);
      flipBit(flip);
      const { count } = ends[isSegment(repository.location, flip.path) ? 'segment' : 'other'];
      const told = `seed ${faultSeed}, round ${round}: bit ${flip.bit} of ${relative(repository.location, flip.path)}`;
      const error = await verifyAnew(scene);
      if (error === undefined) {
        expect(await readArchives(repository), told).toEqual(before);
        count('harmless: all that was archived reads as before');
        continue;
      }
      expect(['verification_failed', 'repository_failed', 'repository_missing', 'passphrase_wrong'], told).toContain(
        error.code,
      );
      count('found by verify');
      if (round % 6 === 1) await expectAllOrNothing(scene, told);
    }
    const sum = (place: keyof typeof ends): number => Object.values(ends[place].ends).reduce((all, count) => all + count, 0);
    const inSegments = sum('segment');
    recordFaults({
      group: 'bit-flips',
      fault: 'one bit flipped in a segment of the repository',
      rounds: inSegments,
      ends: ends.segment.ends,
    });
    recordFaults({
      group: 'bit-flips',
      fault: 'one bit flipped in its index, hints, configuration or another file',
      rounds: flips - inSegments,
      ends: ends.other.ends,
    });
  },
);

const isSegment = (location: string, path: string): boolean => path.startsWith(join(location, 'data/'));

/** Most bytes are rows and objects in a few large segments; most files are small, and nobody would try them otherwise. */
function choosePlace(random: () => number, location: string): Flip {
  const files = listFiles(location);
  const segments = files.filter((file) => isSegment(location, file));
  const kind = random();
  if (kind < 0.5) return chooseBit(random, segments);
  if (kind < 0.7) return chooseFlip(random, segments);
  return chooseFlip(
    random,
    files.filter((file) => !segments.includes(file)),
  );
}
