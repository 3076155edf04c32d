import { expect, test } from 'vitest';
import { runAgent } from '../helpers/agent.ts';
import { expectArchivesAll } from '../helpers/archived-objects.ts';
import { createEnds, faultRounds, faultSeed, recordFaults } from '../helpers/faults.ts';
import { runKilled, runTimed } from '../helpers/killed-run.ts';
import { expectNoLeaks } from '../helpers/leaks.ts';
import { createRandom } from '../helpers/random.ts';
import { archiveNames } from '../helpers/scenario.ts';
import { createStoredProject, type BackupDocument, type StoredProject } from '../helpers/stored-project.ts';

// Unless all rounds are asked for there are few, and after the first one runs of Storage alone.

const kills = faultRounds(3, 40);
const isLong = kills === 40;
const seed = faultSeed;
const patience = 600_000 + kills * 60_000;
const concurrency = 2;
const buckets = ['docs', 'media'];

/** Of a whole run. A run of Storage alone begins the same and ends with the same five; in the second `rename` the mirror is tidied, too. */
const stageNames = 'start catalog snapshot inventory archive verify rename download storage verify rename retention'.split(' ');
/** Counted from the end. */
const turns = [-5, -2, -4, -1, -8, -3, -9, -7, -6, -12, -11, -10];

/** A project whose objects come, change and go. */
function createUse({ storage, database }: StoredProject, random: () => number) {
  /** Which content each object has now. */
  const versions = new Map<string, string>();
  let count = 0;
  const put = async (key: string): Promise<void> => {
    const [bucket = '', name = ''] = key.split(/\/(.*)/s);
    const bytes = Buffer.alloc(Math.floor(random() ** 4 * 200_000), `${key} ${random()} `);
    versions.set(key, await storage.putObject(bucket, name, bytes, { userMetadata: { number: random() } }));
  };
  const choose = (): string => [...versions.keys()][Math.floor(random() * versions.size)]!;
  return {
    versions,
    async goOn(added: number, changed: number, removed: number): Promise<void> {
      for (let index = 0; index < added; index += 1) await put(`${buckets[count % 2]}/dir ${count % 3}/${count++}.bin`);
      for (let index = 0; index < changed; index += 1) await put(choose());
      const gone = Array.from({ length: removed }, choose);
      for (const key of gone) versions.delete(key);
      await database.query("SELECT set_config('storage.allow_delete_query', 'true', false)");
      await database.query("DELETE FROM storage.objects WHERE bucket_id || '/' || name = ANY ($1)", [gone]);
    },
  };
}

/** The contents that were sent since request `start`: `docs/a.txt VERSION`. */
function sentSince({ storage }: StoredProject, start: number, versions: ReadonlyMap<string, string>): string[] {
  const sent = storage.requests.slice(start).filter(({ method, status }) => method === 'GET' && status === 200);
  return sent.map(({ path }) => {
    const key = decodeURIComponent(path.replace(/^\/object\/authenticated\//, ''));
    return `${key} ${versions.get(key)}`;
  });
}

test(`after kill -9 at ${kills} moments the next run needs no help (seed ${seed})`, { timeout: patience }, async () => {
  const scene = await createStoredProject({ STORAGE_CONCURRENCY: String(concurrency), MIGRATION_DRIFT: 'off' });
  const random = createRandom(seed);
  const use = createUse(scene, random);
  const whole = ['backup', '--json', '--env-file', scene.project.envFile];
  await use.goOn(30, 0, 0);
  let { result, stages } = await runTimed(whole);
  expect(result.exitCode, result.stderr).toBe(0);
  expect(stages.map(({ name }) => name)).toEqual(stageNames);

  const { ends, count } = createEnds();
  let known: readonly string[] = [];
  for (let round = 0; round < kills; round += 1) {
    const backup = isLong || round === 0 ? whole : [...whole, '--only', 'storage'];
    await use.goOn(8, 6, 4);
    const turn = turns[round % turns.length]!;
    const { name, ms } = stages.at(turn)!;
    const moment = {
      stage: (backup === whole ? stageNames : stageNames.toSpliced(4, 3)).length + turn,
      afterMs: random() * ms,
      whom: random() < 0.5 ? 'agent' : 'all',
    } as const;
    const told = `seed ${seed}, round ${round}: ${moment.whom} killed after ${moment.afterMs.toFixed(0)} ms of ${name} (${turn})`;
    const first = scene.storage.requests.length;
    const killed = await runKilled(backup, moment);
    const before = sentSince(scene, first, use.versions);

    const second = scene.storage.requests.length;
    ({ result, stages } = await runTimed(backup));
    expect(result.exitCode, `${told}: ${result.stdout} ${result.stderr}`).toBe(0);
    const { storage, archives } = result.json<BackupDocument>();
    expect(storage, told).toMatchObject({ missing: { count: 0 }, changed: { count: 0 }, left: { objects: 0 } });
    const after = sentSince(scene, second, use.versions);
    // Only what was on its way at that moment comes again.
    expect(after.filter((content) => before.includes(content)).length, told).toBeLessThanOrEqual(concurrency);
    expect(new Set(after).size, told).toBe(after.length);
    await expectArchivesAll(scene, archives.at(-1)!.name);
    const names = await archiveNames(scene.repository);
    expect(names, told).toEqual(expect.arrayContaining([...known]));
    expect(
      names.filter((found) => found.startsWith('.')),
      told,
    ).toEqual([]);
    known = names;
    count(killed.exitCode === 137 ? 'interrupted, nothing lost or downloaded twice' : 'over before the kill');
  }
  await scene.repository.borg('check', '--verify-data');
  if (isLong) await expectNothingDamaged(scene);
  await expectNoLeaks(scene.project.directory);
  recordFaults({ group: 'storage-kills', fault: 'kill -9 at a random moment of a backup of Storage', rounds: kills, ends });
});

/** A run that was killed behind its archive of the database leaves no other one, and nothing else may be wrong. */
async function expectNothingDamaged({ project }: StoredProject): Promise<void> {
  const { stderr } = await runAgent(['verify', '--all', '--data', '--env-file', project.envFile]);
  const failures = stderr.match(/\S+ is not good: .*?\.(?=\s)/g) ?? [];
  expect(failures.filter((failure) => !/its storage archive is missing, and \S+ is good\.$/.test(failure))).toEqual([]);
}
