import { expect, test } from 'vitest';
import { formatBackupId, parseBackupId, safetyProjectOf } from '../../src/domain/archive-name.ts';
import { planRepository, type PruneCandidate } from '../../src/domain/repository-retention.ts';
import type { RunStatus } from '../../src/domain/exit-code.ts';
import { createEnds, faultRounds, faultSeed, recordFaults } from '../helpers/faults.ts';
import { createRandom, pick } from '../helpers/random.ts';
import { randomRules, upTo, type Random } from '../helpers/retention-choices.ts';
import { expectRemoved, type KnownBackup } from '../helpers/retention-oracle.ts';
import { RetentionWorld, type PruneOutcome } from '../helpers/retention-world.ts';

const minuteMs = 60_000;
const hourMs = 60 * minuteMs;
const yearHours = 8766;

const plans = faultRounds(500, 10_000);

test(`${plans} histories of backups: exactly those go that the documentation gives up (seed ${faultSeed})`, () => {
  const random = createRandom(faultSeed);
  const { ends, count } = createEnds();
  for (let round = 1; round <= plans; round += 1) {
    const nowMs = Date.UTC(2026, 10, 21, 12);
    const backups = randomBackups(random, nowMs);
    const rules = randomRules(random);
    const lastRun =
      random() < 0.85 ? pick(random, ['complete', undefined] as const) : pick(random, ['failed', 'incomplete'] as const);
    const drills = new Map(
      backups
        .filter(() => random() < 0.2)
        .map(({ backupId }) => [backupId, pick<RunStatus>(random, ['complete', 'incomplete', 'failed'])]),
    );
    const plan = planRepository({
      project: 'shop',
      backups: backups.map(toCandidate),
      rules,
      now: new Date(nowMs),
      drills,
      lastRunStatus: lastRun,
    });
    const removed =
      'refused' in plan
        ? undefined
        : plan.decisions.filter(({ action }) => action === 'remove').map(({ backupId }) => backupId);
    const expected = expectRemoved({ backups, rules, nowMs, lastRun, drills });
    expect(removed?.toSorted(), `seed ${faultSeed}, round ${round}`).toEqual(
      expected === undefined ? undefined : [...expected].toSorted(),
    );
    count(
      removed === undefined
        ? 'nothing may go, and nothing went'
        : removed.length === 0
          ? 'nothing was old enough'
          : 'exactly the old ones went',
    );
  }
  recordFaults({
    group: 'retention',
    fault: 'a random history of backups, safety backups and drills, and random rules',
    rounds: plans,
    ends,
  });
});

/** At least the first of them may be ahead of the clock, as after a clock that was wrong. */
function randomBackups(random: Random, nowMs: number): KnownBackup[] {
  let atMs = nowMs + (random() < 0.05 ? upTo(random, 20 * minuteMs) : 0);
  return Array.from({ length: upTo(random, 40) }, () => {
    atMs -= 1000 * (1 + upTo(random, pick(random, [60, 86_400, 2 * 86_400, 90 * 86_400])));
    const startedAtMs = 1000 * Math.floor(atMs / 1000);
    const group = pick(random, ['database', 'database', 'database', 'storage', 'safety'] as const);
    const project = group === 'safety' ? safetyProjectOf('shop') : 'shop';
    const status = random() < 0.85 ? 'complete' : pick(random, ['incomplete', 'unknown'] as const);
    return { backupId: formatBackupId(project, new Date(startedAtMs)), startedAtMs, group, status };
  });
}

function toCandidate({ backupId, startedAtMs, status, group }: KnownBackup): PruneCandidate {
  const flags = { safety: group === 'safety', storageOnly: group === 'storage' };
  return { backupId, startedAt: new Date(startedAtMs), status, archives: [`${backupId}-database`], ...flags };
}

const lives = faultRounds(60, 10_000);

test(
  `${lives} lives of a repository whose clock jumps (seed ${faultSeed})`,
  { timeout: faultRounds(10, 120) * minuteMs },
  async () => {
    const { ends, count } = createEnds();
    let prunings = 0;
    let refusals = 0;
    for (let round = 1; round <= lives; round += 1) {
      const random = createRandom(faultSeed * 100_003 + round);
      const world = new RetentionWorld();
      let removed = 0;
      try {
        for (let step = 0; step < 40; step += 1) {
          const outcome = await takeStep(world, random);
          if (outcome === undefined) continue;
          expectKept(outcome);
          prunings += 1;
          refusals += outcome.refused ? 1 : 0;
          removed += outcome.expected.length;
        }
      } catch (error) {
        throw new Error(`seed ${faultSeed}, round ${round}: ${(error as Error).message}`, { cause: error });
      } finally {
        world.close();
      }
      count(removed === 0 ? 'nothing was old enough' : 'exactly what was old, and what killed runs had left, went');
    }
    const fault = `the life of a repository: 40 backups, failures, kills, drills and jumps of the clock over years, one after the other (${prunings} times pruned, ${refusals} of them refused)`;
    recordFaults({ group: 'retention', fault, rounds: lives, ends });
  },
);

function expectKept({ before, after, expected, sacred, complete, floor }: PruneOutcome): void {
  const left = new Set(after);
  expect(before.filter((name) => !left.has(name)).toSorted(), 'what went').toEqual(expected);
  expect(
    after.filter((name) => !before.includes(name)),
    'what came',
  ).toEqual([]);
  expect(
    sacred.filter((name) => !left.has(name)),
    'what must never go',
  ).toEqual([]);
  expect(complete, 'complete backups of the database').toBeGreaterThanOrEqual(floor);
}

/** Something that happens to a project in years; what it lets retention do, where it does. */
async function takeStep(world: RetentionWorld, random: Random): Promise<PruneOutcome | undefined> {
  const chance = random();
  if (chance < 0.5) {
    world.pass(random() * pick(random, [24, 24, 72, 24 * 40]));
    const endings = [
      'complete',
      'complete',
      'complete',
      'complete',
      'complete',
      'incomplete',
      'failed',
      'killed',
      'cancelled',
      'no_space',
    ] as const;
    const kinds = pick(random, [['database'], ['database', 'storage'], ['database', 'storage'], ['storage']] as const);
    return world.backUp(pick(random, endings), kinds);
  }
  if (chance < 0.66) return world.prune();
  if (chance < 0.72) jump(world, random);
  else if (chance < 0.8)
    world.addElsewhere(random() < 0.8 ? 'complete' : 'incomplete', pick(random, ['safety', 'safety', 'database', 'storage']));
  else if (chance < 0.84) world.addOthers();
  else if (chance < 0.87) world.rules = randomRules(random);
  else if (chance < 0.9) world.deleteFuture();
  else if (chance < 0.91) world.loseState();
  else onSomeBackup(world, random);
  return undefined;
}

/** Forward, backward, by minutes or years. */
function jump(world: RetentionWorld, random: Random): void {
  const hours = pick(random, [0.1, 1, 24, 24 * 30, yearHours, 5 * yearHours]) * random();
  world.nowMs += Math.round((random() < 0.5 ? -1 : 1) * hours * hourMs);
}

function onSomeBackup(world: RetentionWorld, random: Random): void {
  const ids = world.ids();
  if (ids.length === 0) return;
  const id = pick(random, ids);
  if (random() < 0.2 || parseBackupId(id)?.project !== world.project) world.damage(id);
  else world.drill(id, pick(random, ['complete', 'complete', 'incomplete', 'failed', 'unable']));
}
