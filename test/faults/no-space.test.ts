import { expect, test } from 'vitest';
import { createEnds, faultRounds, faultSeed, recordFaults } from '../helpers/faults.ts';
import {
  createMirrorScene,
  createRepositoryScene,
  createStateScene,
  createTemporaryScene,
  expectClear,
  expectRecovered,
  runFull,
  type CreateDiskScene,
  type FillLevel,
} from '../helpers/faults-no-space.ts';
import { createRandom } from '../helpers/random.ts';
import { archiveNames } from '../helpers/scenario.ts';

const kib = 1024;
const mib = 1024 * kib;

interface Place {
  readonly place: string;
  readonly create: CreateDiskScene;
  /** From nothing at all to what is enough. */
  readonly levels: readonly FillLevel[];
}

const places: readonly Place[] = [
  {
    place: 'repository',
    create: createRepositoryScene,
    levels: [
      ...[0, 4 * kib, 256 * kib, mib, 3 * mib, 64 * mib, 510 * mib, 800 * mib].map((freeBytes) => ({ freeBytes })),
      { freeBytes: 0, from: '"part":"database/full.dump"' },
      { freeBytes: 0, from: '"stage":"rename"' },
    ],
  },
  {
    place: 'state',
    create: createStateScene,
    levels: [
      ...[0, 4 * kib, 16 * kib, 32 * kib, 64 * kib, 128 * kib, 256 * kib, mib].map((freeBytes) => ({ freeBytes })),
      { freeBytes: 0, from: '"part":"database/full.dump"' },
      { freeBytes: 0, from: '"stage":"verify"' },
    ],
  },
  {
    place: 'mirror',
    create: createMirrorScene,
    levels: [
      ...[0, 64 * kib, mib, 2 * mib, 3 * mib, 8 * mib].map((freeBytes) => ({ freeBytes })),
      ...[0, 256 * kib, 700 * kib, mib].map((freeBytes) => ({ freeBytes, from: '"stage":"download"' })),
    ],
  },
  {
    place: 'temporary',
    create: createTemporaryScene,
    levels: [
      ...[0, 100 * mib, 600 * mib].map((freeBytes) => ({ freeBytes })),
      ...[0, 8 * mib, 32 * mib, 48 * mib].map((freeBytes) => ({ freeBytes, from: '"stage":"target"' })),
      ...[0, mib, 4 * mib].map((freeBytes) => ({ freeBytes, from: '"stage":"restore"' })),
    ],
  },
];
const minuteMs = 60_000;
const isWhole = faultRounds(0, 1) === 1;

/** In the quick part the repository, and one of the others. */
function choosePlaces(): readonly Place[] {
  const [repository, ...others] = places;
  return isWhole ? places : [repository!, others[faultSeed % others.length]!];
}

test.for(choosePlaces())(
  'a full disk of the $place directory is told with its remedy, and nothing is lost',
  { timeout: 20 * minuteMs },
  async ({ place, create, levels }, { skip }) => {
    const scene = (await create()) ?? skip('This process may mount no small disk.');
    const { ends, count } = createEnds();
    const random = createRandom(faultSeed);
    const chosen = isWhole ? levels : [levels[Math.floor(random() * levels.length)]!];
    const rounds = chosen.length;
    for (const level of chosen) {
      const told = `${level.freeBytes / kib} KiB free from ${level.from ?? 'the start'} (seed ${faultSeed})`;
      const earlier = await archiveNames(scene.repository);
      await scene.grow();
      count(await expectClear(scene, await runFull(scene, level), told));
      await expectRecovered(scene, earlier, told);
    }
    if (isWhole) expect(Object.keys(ends), 'no level was too full').toContain('exit code 21 with its remedy');
    recordFaults({ group: 'no-space', fault: `a full disk of the ${place} directory`, rounds, ends });
  },
);
