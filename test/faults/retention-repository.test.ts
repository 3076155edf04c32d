import { cp, mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { execa } from 'execa';
import { expect, test } from 'vitest';
import { formatArchiveName, formatBackupId, parseBackupId, safetyProjectOf } from '../../src/domain/archive-name.ts';
import type { RunStatus } from '../../src/domain/exit-code.ts';
import type { RetentionRules } from '../../src/domain/retention.ts';
import { openStateStore } from '../../src/tools/state/store.ts';
import { runAgent } from '../helpers/agent.ts';
import type { TestRepository } from '../helpers/borg.ts';
import { createTestDatabase } from '../helpers/database.ts';
import { createEnds, faultRounds, faultSeed, recordFaults } from '../helpers/faults.ts';
import { createRandom, pick } from '../helpers/random.ts';
import { manifestOf, namesOfOthers } from '../helpers/retained-repository.ts';
import { randomRules, upTo, type Random } from '../helpers/retention-choices.ts';
import { expectRemoved, type KnownBackup } from '../helpers/retention-oracle.ts';
import { archiveNames, createInitializedProject } from '../helpers/scenario.ts';
import { createTemporaryDirectory } from '../helpers/temporary-directory.ts';

// What the suite of the project runs of this is test/e2e/prune.test.ts.
const repositories = faultRounds(0, 40);

test.skipIf(repositories === 0)(
  `${repositories} times in a repository of Borg's that others use as well (seed ${faultSeed})`,
  { timeout: 20 * 60_000 },
  async () => {
    const random = createRandom(faultSeed);
    const { ends, count } = createEnds();
    const { project, repository } = await createInitializedProject({ database: await createTestDatabase() });
    const known = await fillRepository(repository, random);
    const untouched = `${repository.location}.untouched`;
    await cp(repository.location, untouched, { recursive: true });
    for (let round = 1; round <= repositories; round += 1) {
      await rm(repository.location, { recursive: true });
      await cp(untouched, repository.location, { recursive: true });
      await rm(project.stateDirectory, { recursive: true });
      await mkdir(project.stateDirectory, { mode: 0o700 });
      const rules = randomRules(random);
      const drills = new Map(
        known
          .filter(() => random() < 0.3)
          .map(({ backupId }) => [backupId, pick<RunStatus>(random, ['complete', 'incomplete', 'failed'])]),
      );
      const lastRun = pick<RunStatus>(random, ['complete', 'complete', 'failed']);
      noteHistory(join(project.stateDirectory, 'shop'), drills, lastRun);
      const before = await archiveNames(repository);
      const command = round % 2 === 0 ? 'backup' : 'prune';
      const result = await runAgent([command, '--env-file', project.envFile, '--json'], { env: describeRules(rules) });
      const document = result.json<{ backupId?: string; removed?: string[]; error?: { code: string } }>();
      const made =
        command === 'backup'
          ? [
              {
                backupId: document.backupId!,
                startedAtMs: parseBackupId(document.backupId!)!.startedAt.getTime(),
                group: 'database',
                status: 'complete',
              } as const,
            ]
          : [];
      const gone = expectRemoved({
        backups: [...known, ...made],
        rules,
        nowMs: Date.now(),
        lastRun: command === 'backup' ? 'complete' : lastRun,
        drills,
      });
      const tells = `seed ${faultSeed}, round ${round}: ${command}, exit code ${result.exitCode}, ${result.stderr}`;
      const expected =
        gone === undefined
          ? []
          : [leftover, ...[...gone].map((id) => archiveOf(known.find(({ backupId }) => backupId === id)!))];
      const after = await archiveNames(repository);
      expect(before.filter((name) => !after.includes(name)).toSorted(), tells).toEqual(expected.toSorted());
      expect(
        after.filter((name) => !before.includes(name)),
        tells,
      ).toEqual(made.map(archiveOf));
      expect(document.removed?.toSorted() ?? [], tells).toEqual(expected.toSorted());
      expect(document.error?.code, tells).toBe(gone === undefined ? 'prune_refused' : undefined);
      count(gone === undefined ? 'it refused, and nothing went' : 'exactly the planned archives went');
    }
    const fault =
      "agent prune and agent backup with random rules and drills, over a repository of Borg's with archives of other projects, hosts and people";
    recordFaults({ group: 'retention-repository', fault, rounds: repositories, ends });
  },
);

const hourMs = 3_600_000;
const leftover = '.partial-shop-20260102T000000Z-database';
const others = [...namesOfOthers('20200101T000000Z'), 'by hand'];

/** Archives without anything but a manifest, from the last three months; what cannot be read of ours, and what is not ours. */
async function fillRepository(repository: TestRepository, random: Random): Promise<KnownBackup[]> {
  const directory = await createTemporaryDirectory();
  const nowMs = 1000 * Math.floor(Date.now() / 1000);
  const create = async (name: string, manifest: string): Promise<void> => {
    await writeFile(join(directory, 'manifest.json'), manifest);
    await execa('borg', ['create', `::${name}`, 'manifest.json'], {
      env: repository.environment,
      extendEnv: false,
      cwd: directory,
    });
  };
  const groups = [
    'database',
    'database',
    'database',
    'database',
    'database',
    'storage',
    'storage',
    'safety',
    'safety',
  ] as const;
  const known = groups.map((group, index): KnownBackup => {
    const startedAtMs = nowMs - 1000 * upTo(random, 90 * 86_400) - hourMs;
    const backupId = formatBackupId(group === 'safety' ? safetyProjectOf('shop') : 'shop', new Date(startedAtMs));
    // The newest of them has to be a good one, or nothing is ever removed.
    const status = index === 1 ? 'incomplete' : index === 2 ? 'unknown' : 'complete';
    return { backupId, startedAtMs, group, status };
  });
  const newest: KnownBackup = {
    backupId: formatBackupId('shop', new Date(nowMs - hourMs)),
    startedAtMs: nowMs - hourMs,
    group: 'database',
    status: 'complete',
  };
  for (const backup of [...known, newest]) {
    const name = archiveOf(backup);
    const kind = backup.group === 'storage' ? 'storage' : 'database';
    const status = backup.status === 'unknown' ? 'complete' : backup.status;
    await create(name, backup.status === 'unknown' ? '{}' : manifestOf(name, { status, runKinds: [kind] }));
  }
  for (const name of [leftover, ...others]) await create(name, 'not ours');
  return [...known, newest];
}

function archiveOf({ backupId, group }: KnownBackup): string {
  return formatArchiveName(backupId, group === 'storage' ? 'storage' : 'database');
}

function noteHistory(directory: string, drills: ReadonlyMap<string, RunStatus>, lastRun: RunStatus): void {
  const state = openStateStore(directory);
  const note = (command: 'backup' | 'drill', backupId: string | undefined, status: RunStatus): void => {
    const runId = `${command} ${backupId}`;
    state.startRun({ runId, command, startedAt: new Date(), backupId });
    state.finishRun(runId, {
      status,
      durationMs: 1,
      errorCode: status === 'failed' ? 'verification_failed' : undefined,
      errorMessage: undefined,
    });
  };
  for (const [backupId, status] of drills) note('drill', backupId, status);
  note('backup', undefined, lastRun);
  state.close();
}

function describeRules({ days, minimumBackups, daily, weekly, monthly }: RetentionRules): Record<string, string> {
  return {
    RETENTION_DAYS: String(days),
    RETENTION_MIN_BACKUPS: String(Math.max(1, minimumBackups)),
    RETENTION_DAILY: String(daily),
    RETENTION_WEEKLY: String(weekly),
    RETENTION_MONTHLY: String(monthly),
  };
}
