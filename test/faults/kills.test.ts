import { expect, test } from 'vitest';
import { createEnds, faultRounds, faultSeed, recordFaults } from '../helpers/faults.ts';
import { killPoints, type KilledCommand, type KillPoint } from '../helpers/faults-kill-points.ts';
import { tryKill, type KillMoment } from '../helpers/faults-kill-round.ts';
import { createKillScene, finishedNames, type KillScene } from '../helpers/faults-kill-scene.ts';
import type { Victim } from '../helpers/faults-victims.ts';
import { createRandom } from '../helpers/random.ts';
import { archiveNames, expectGood } from '../helpers/scenario.ts';

const points = faultRounds(3, killPoints.length);
const moments = faultRounds(1, 200);
const others = faultRounds(1, 40);
const isWhole = points === killPoints.length;
const patienceMs = (10 + points + moments + others) * 60_000;
const commands: readonly KilledCommand[] = ['backup', 'restore', 'drill', 'prune'];
const otherRestores: readonly KilledCommand[] = ['restore --clean', 'restore --jobs=2'];

const ofRestore: readonly Victim[] = ['agent', 'all', 'borg', 'psql', 'pg_restore', 'server'];
/** Who is killed at a random moment. */
const victims: Readonly<Record<KilledCommand, readonly Victim[]>> = {
  backup: ['agent', 'all', 'borg', 'pg_dump', 'server'],
  prune: ['agent', 'all', 'borg'],
  restore: ofRestore,
  'restore --clean': ofRestore,
  'restore --jobs=2': ofRestore,
  drill: ['agent', 'all', 'borg', 'psql', 'pg_restore', 'scratch server'],
};

test(
  `kill -9 at ${points} named points and ${moments + others} random moments of backup, prune, restore and drill (seed ${faultSeed})`,
  { timeout: patienceMs },
  async () => {
    const random = createRandom(faultSeed);
    const scene = await createKillScene();
    const ends = new Map<string, ReturnType<typeof createEnds>>();
    let round = 0;
    const kill = async (what: KillPoint | KillMoment, told: string): Promise<void> => {
      round += 1;
      const end = await tryKill(scene, what, `${told} (seed ${faultSeed}, round ${round})`);
      const row = `kill -9 at ${'title' in what ? 'a named point' : 'a random moment'} of a ${what.command}`;
      if (!ends.has(row)) ends.set(row, createEnds());
      ends.get(row)!.count(end);
      if (isWhole) console.info(`round ${round}, ${told}: ${end}`);
      if (round % 10 === 0) await expectAllGood(scene);
    };

    for (const point of choosePoints(random)) await kill(point, `${point.command}: ${point.title}`);
    for (let index = 0; index < moments + others; index += 1) {
      const moment = chooseMoment(random, index < moments ? ['backup', 'backup', ...commands] : otherRestores);
      await kill(moment, `${moment.command}: ${moment.victim} after ${moment.atMs.toFixed(0)} ms`);
    }
    await expectAllGood(scene);
    for (const [fault, { ends: counted }] of ends) {
      const rounds = Object.values(counted).reduce((sum, count) => sum + count, 0);
      recordFaults({ group: 'kills', fault, rounds, ends: counted });
    }
  },
);

/** All of them, or one of each command but one: the random moment may be of that. */
function choosePoints(random: () => number): readonly KillPoint[] {
  if (isWhole) return killPoints;
  const left = choose(random, commands);
  return commands
    .filter((command) => command !== left)
    .map((command) =>
      choose(
        random,
        killPoints.filter((point) => point.command === command),
      ),
    );
}

/** How long a run takes on an idle machine, about; programs other than Borg and the server are there in its middle. */
const usualMs: Readonly<Record<KilledCommand, number>> = {
  backup: 2500,
  prune: 1000,
  restore: 1900,
  'restore --clean': 2300,
  'restore --jobs=2': 2300,
  drill: 2600,
};

function chooseMoment(random: () => number, among: readonly KilledCommand[]): KillMoment {
  const command = choose(random, among);
  const victim = choose<Victim>(random, victims[command]);
  const share = ['agent', 'all', 'server'].includes(victim) ? 1 : 0.7;
  return { command, victim, atMs: random() * usualMs[command] * share, agedMs: random() * 100 };
}

function choose<Item>(random: () => number, items: readonly Item[]): Item {
  return items[Math.floor(random() * items.length)]!;
}

/** Every archive can be read back; then all but the newest make room. */
async function expectAllGood({ project, repository, ...scene }: KillScene): Promise<void> {
  await expectGood(project);
  expect((await archiveNames(repository)).filter((name) => name.startsWith('.'))).toEqual([]);
  const names = await finishedNames({ project, repository, ...scene });
  const old = names.slice(0, -1);
  if (old.length > 0) await repository.borg('delete', `::${old[0]!}`, ...old.slice(1));
}
