import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { borgEnvironment } from '../../src/tools/borg/environment.ts';
import { runAgent, startAgent, type AgentResult } from '../helpers/agent.ts';
import type { TestRepository } from '../helpers/borg.ts';
import { createTestDatabase } from '../helpers/database.ts';
import { createEnds, faultRounds, faultSeed, recordFaults } from '../helpers/faults.ts';
import { holdLock, lockElsewhere, readHolders } from '../helpers/faults-locks.ts';
import { strikeAll, waitUntil } from '../helpers/faults-victims.ts';
import { expectNoLeaks } from '../helpers/leaks.ts';
import { createTestProject, type TestProject } from '../helpers/project.ts';
import { createRandom } from '../helpers/random.ts';
import { archiveNames, createInitializedProject, expectGood } from '../helpers/scenario.ts';

interface Scene {
  readonly project: TestProject;
  readonly repository: TestRepository;
  /** Another project in the same repository. */
  readonly neighbour: TestProject;
}

/** Without a backup yet. @param lockWait how long an agent waits for Borg's lock */
async function createScene(lockWait: string): Promise<Scene> {
  const database = await createTestDatabase();
  await database.query('CREATE TABLE public.notes AS SELECT g AS id FROM generate_series(1, 1000) g');
  const variables = { MIGRATION_DRIFT: 'off', BORG_LOCK_WAIT: lockWait };
  const { project, repository } = await createInitializedProject({ database, variables });
  const neighbour = await createTestProject({ database, repository, variables: { ...variables, PROJECT_NAME: 'blog' } });
  return { project, repository, neighbour };
}

async function backUp({ envFile }: TestProject): Promise<AgentResult> {
  return runAgent(['backup', '--json', '--env-file', envFile]);
}

/** What a lock has ended behind its archive is not finished. */
async function finished(repository: TestRepository): Promise<string[]> {
  return (await archiveNames(repository)).filter((name) => !name.startsWith('.'));
}

const minutesMs = (rounds: number): number => 600_000 + rounds * 30_000;

const dead = faultRounds(1, 20);

test(
  `the lock of a dead holder is cleared by the next run, ${dead} times (seed ${faultSeed})`,
  { timeout: minutesMs(dead) },
  async () => {
    const random = createRandom(faultSeed);
    // Who has died counts as alive until the first process of the machine has noticed: some look every two seconds.
    const { project, repository } = await createScene('10s');
    const { ends, count } = createEnds();
    for (let round = 1; round <= dead; round += 1) {
      const told = `seed ${faultSeed}, round ${round}`;
      const agent = startAgent(['backup', '--json', '--env-file', project.envFile]);
      await sleep(random() * 1500);
      const isHeld = (): boolean => existsSync(join(repository.location, 'lock.exclusive'));
      // By the end of its run nobody holds it any more.
      if (await waitUntil(agent, isHeld)) strikeAll(agent);
      await agent.finished;
      // It is held for moments, too: for those of a list.
      const left = await readHolders(repository);
      const next = await backUp(project);
      expect({ exitCode: next.exitCode, stderr: next.stderr }, `${told}: ${next.stdout}`).toEqual({ exitCode: 0, stderr: '' });
      expect(await readHolders(repository), told).toEqual([]);
      count(left.length > 0 ? 'cleared' : 'let go before it died');
    }
    expect((await archiveNames(repository)).filter((name) => name.startsWith('.'))).toEqual([]);
    await expectNoLeaks(project.directory);
    // Of a few rounds each may meet a moment without a lock.
    if (dead >= 20) expect(Object.keys(ends)).toContain('cleared');
    recordFaults({
      group: 'locks',
      fault: "kill -9 of the agent and its Borg while that holds the repository's lock",
      rounds: dead,
      ends,
    });
  },
);

const races = faultRounds(2, 100);

test(`a live lock is never broken in ${races} races (seed ${faultSeed})`, { timeout: minutesMs(races) }, async () => {
  const scene = await createScene('120s');
  const random = createRandom(faultSeed);
  const kinds = {
    'two agents of one project': raceOfOne,
    'agents of two projects': raceOfTwo,
    'an agent and a plain Borg': raceOfPlain,
  };
  const counts = Object.entries(kinds).map(([name, race]) => ({ name, race, ...createEnds() }));
  for (let round = 0; round < races; round += 1) {
    const { race, count } = counts[(faultSeed + round) % counts.length]!;
    const told = `seed ${faultSeed}, round ${round + 1}`;
    count(await race(scene, random, told));
    expect(await readHolders(scene.repository), told).toEqual([]);
    // What has been raced for takes no part any more.
    const old = (await finished(scene.repository)).slice(0, -10);
    if (old.length > 0) await scene.repository.borg('delete', `::${old[0]!}`, ...old.slice(1));
  }
  await expectGood(scene.project);
  await scene.repository.borg('check');
  await expectNoLeaks(scene.project.directory);
  for (const { name, ends } of counts) {
    const rounds = Object.values(ends).reduce((sum, count) => sum + count, 0);
    if (rounds > 0) recordFaults({ group: 'locks', fault: `a race for a live lock: ${name}`, rounds, ends });
  }
});

/** One of them does the work; the other one is told so, or comes after it. */
async function raceOfOne({ project, repository }: Scene, random: () => number, told: string): Promise<string> {
  const before = await finished(repository);
  const first = backUp(project);
  await sleep(random() * 1500);
  const results = await Promise.all([first, backUp(project)]);
  const codes = results.map(({ exitCode }) => exitCode).toSorted((a, b) => a - b);
  const said = `${told}: ${results.map(({ stdout }) => stdout).join(' ')}`;
  const [, second] = results.toSorted((a, b) => a.exitCode - b.exitCode);
  if (codes[1] === 11) expect(second!.json(), said).toMatchObject({ error: { code: 'locked', retryable: true } });
  else expect(codes, said).toEqual([0, 0]);
  expect(await finished(repository), told).toHaveLength(before.length + codes.filter((code) => code === 0).length);
  return codes[1] === 11 ? 'one works, the other ends with 11' : 'one after the other';
}

/** Both work: Borg of one waits for Borg of the other. */
async function raceOfTwo({ project, neighbour, repository }: Scene, random: () => number, told: string): Promise<string> {
  const before = await finished(repository);
  const first = backUp(project);
  await sleep(random() * 500);
  const results = await Promise.all([first, backUp(neighbour)]);
  expect(
    results.map(({ exitCode, stderr }) => ({ exitCode, stderr })),
    `${told}: ${results.map(({ stdout }) => stdout).join(' ')}`,
  ).toEqual([
    { exitCode: 0, stderr: '' },
    { exitCode: 0, stderr: '' },
  ]);
  expect(await finished(repository), told).toHaveLength(before.length + 2);
  return 'both work, one waits';
}

/** A plain Borg of this machine, or with the agent's own name for it, holds the lock for up to three seconds; the agent waits for one. */
async function raceOfPlain({ project, repository }: Scene, random: () => number, told: string): Promise<string> {
  const before = await finished(repository);
  const holderMs = 300 + random() * 2700;
  const { BORG_HOST_ID = '' } = borgEnvironment(
    { location: repository.location } as Parameters<typeof borgEnvironment>[0],
    '/',
    {},
  );
  const environment = { ...repository.environment, ...(random() < 0.5 ? { BORG_HOST_ID } : {}) };
  const delayMs = random() * 1500;
  const running = sleep(delayMs).then(async () =>
    runAgent(['backup', '--json', '--env-file', project.envFile], { env: { BORG_LOCK_WAIT: '1s' } }),
  );
  const [result] = await Promise.all([running, holdLock(repository, environment, holderMs)]);
  const works = result.exitCode === 0;
  if (!works)
    expect(result.json(), `${told}: ${result.stdout}`).toMatchObject({
      error: { code: 'repository_locked', exitCode: 11, retryable: true },
    });
  expect(await finished(repository), told).toHaveLength(before.length + (works ? 1 : 0));
  return works ? 'the agent waits, and works' : 'the agent ends with 11';
}

const elsewhere = faultRounds(1, 10);

test(`the lock of another host is explained, ${elsewhere} times`, { timeout: minutesMs(elsewhere) }, async () => {
  const { project, repository } = await createScene('1s');
  const { ends, count } = createEnds();
  for (let round = 1; round <= elsewhere; round += 1) {
    await lockElsewhere(repository, round % 2 === 1 ? 'exclusive' : 'shared');
    const held = await readHolders(repository);
    const result = await runAgent(['backup', '--json', '--take-turns', '--env-file', project.envFile]);
    expect(result.json(), `round ${round}`).toMatchObject({
      status: 'failed',
      error: {
        code: 'repository_locked',
        exitCode: 11,
        retryable: true,
        message: `Another Borg process holds the lock of the repository ${repository.location}. Nothing was changed.`,
        hint: expect.stringContaining('run `borg break-lock` once nothing uses the repository any more') as string,
      },
    });
    expect(await readHolders(repository), `round ${round}`).toEqual(held);
    await repository.borg('break-lock');
    const next = await backUp(project);
    expect({ exitCode: next.exitCode, stderr: next.stderr }, next.stdout).toEqual({ exitCode: 0, stderr: '' });
    count('exit code 11 with its remedy, which helps');
  }
  recordFaults({ group: 'locks', fault: 'the lock of another host, for writing or for reading', rounds: elsewhere, ends });
});
