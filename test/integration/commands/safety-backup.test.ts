import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { runAgent, type AgentResult } from '../../helpers/agent.ts';
import { craftArchive } from '../../helpers/crafted-archive.ts';
import { createTestContext } from '../../helpers/context.ts';
import { createTestDatabase } from '../../helpers/database.ts';
import { expectNoLeaks } from '../../helpers/leaks.ts';
import { makeSafetyBackup } from '../../helpers/safety-backup.ts';
import { archiveNames, createInitializedProject, dumpText } from '../../helpers/scenario.ts';

interface ListDocument {
  readonly backups: readonly { backupId: string; safety: boolean; status: string }[];
  readonly unfinished: readonly string[];
}

const dayMs = 86_400_000;

test('what was on a target before a restore is listed, shown, verified, compared and restored, but is no backup of the project', async () => {
  const source = await createTestDatabase();
  await source.query('CREATE TABLE public.notes AS SELECT 1 AS id');
  const target = await createTestDatabase();
  await target.query(
    'CREATE TABLE public.old AS SELECT n AS id FROM generate_series(1, 7) n; CREATE VIEW public.v AS TABLE old',
  );
  const empty = await createTestDatabase();
  const { project, repository } = await createInitializedProject({ database: source, target: empty });
  const agent = (...args: string[]): Promise<AgentResult> => runAgent([...args, '--env-file', project.envFile]);
  const real = (await agent('backup', '--json')).json<{ backupId: string }>().backupId;

  const context = await createTestContext({ database: source, repository });
  const safety = await makeSafetyBackup(context, target, real);
  expect(safety).toMatchObject({ status: 'complete', warnings: [], archives: [`${safety.backupId}-database`] });
  expect(safety.backupId).toMatch(/^shop-pre-restore-\d{8}T\d{6}Z$/);
  await expectNoLeaks(join(context.config.stateDirectory, 'shop/run'));

  const listed = (await agent('list', '--json')).json<ListDocument>();
  expect(listed.backups).toMatchObject([
    { backupId: safety.backupId, safety: true, status: 'complete' },
    { backupId: real, safety: false, status: 'complete' },
  ]);
  const table = (await agent('list')).stdout.split('\n');
  expect(table[1]).toMatch(new RegExp(`^${safety.backupId} .* database \\(before a restore\\)$`));
  expect(table[2]).toMatch(new RegExp(`^${real} .* database$`));

  expect((await agent('show', 'latest', '--json')).json()).toMatchObject({ backupId: real, project: 'shop' });
  const shown = await agent('show', 'pre-restore', '--json');
  const safetyBackupOf = { project: 'staging', database: target.name, restoredBackup: real };
  expect(shown.json()).toMatchObject({ backupId: safety.backupId, project: 'staging', manifest: { safetyBackupOf } });
  const facts = (await agent('show', safety.backupId)).stdout.replaceAll(/ +/g, ' ');
  expect(facts).toContain(`\nSafety backup of staging (${target.name}), before ${real} was restored there\n`);
  expect((await agent('verify', safety.backupId, '--data')).exitCode).toBe(0);
  expect((await agent('verify', '--json')).json()).toMatchObject({ backups: [{ backupId: real }] });
  expect((await agent('verify', '--all', '--json')).json()).toMatchObject({
    backups: [{ backupId: safety.backupId }, { backupId: real }],
  });
  expect((await agent('diff', real, safety.backupId)).stdout).toContain('public.old');
  expect(await agent('status', '--json').then((status) => status.json())).toMatchObject({ lastComplete: { backupId: real } });
  expect((await agent('doctor')).stdout).toContain(`${real} can be read`);

  const restore = ['restore', safety.backupId.slice(0, -4), '--to', 'test', '--confirm', 'shop-test'];
  expect(await agent(...restore)).toMatchObject({ exitCode: 0 });
  const lastRun = { command: 'restore', status: 'complete', backupId: safety.backupId };
  expect((await agent('status', '--json')).json()).toMatchObject({ lastRun, lastComplete: { backupId: real } });
  expect(await dumpText(empty)).toBe(await dumpText(target));
  expect((await agent('compare', 'pre-restore', '--to', 'test')).exitCode).toBe(0);

  // The next backup compares with the one before, and not with what another database was.
  expect((await agent('backup', '--json')).json()).toMatchObject({ changes: { since: real, differences: [] } });
});

test('retention and the clean-up after a backup remove what is left of both kinds, each counted by itself', async () => {
  const source = await createTestDatabase();
  const variables = { RETENTION_MIN_BACKUPS: '1' };
  const { project, repository } = await createInitializedProject({ database: source, variables });
  const agent = (...args: string[]): Promise<AgentResult> => runAgent([...args, '--env-file', project.envFile]);
  const nameOf = (name: string, daysAgo: number): string => {
    const stamp = new Date(Date.now() - daysAgo * dayMs).toISOString().slice(0, 19).replaceAll(/[-:]/g, '');
    return `${name}-${stamp}Z-database`;
  };
  const real = `${(await agent('backup', '--json')).json<{ backupId: string }>().backupId}-database`;
  const craft = async (as: string): Promise<string> => {
    const change = (directory: string): Promise<void> => rm(join(directory, 'database'), { recursive: true });
    await craftArchive(repository, { from: real, as, change });
    return as;
  };
  const [kept, old] = [await craft(nameOf('shop-pre-restore', 30)), await craft(nameOf('shop-pre-restore', 60))];
  const oldReal = await craft(nameOf('shop', 40));
  const leftover = await craft(`.partial-${nameOf('shop-pre-restore', 1)}`);
  const foreign = [await craft(nameOf('shop-b-pre-restore', 60)), await craft(`.partial-${nameOf('shop-b-pre-restore', 1)}`)];

  const planned = (await agent('prune', '--dry-run', '--json')).json<{ decisions: object[]; leftovers: string[] }>();
  expect(planned).toMatchObject({ leftovers: [leftover] });
  expect(planned.decisions).toEqual([
    expect.objectContaining({ archives: [real], action: 'keep', safety: false }),
    expect.objectContaining({ archives: [kept], action: 'keep', safety: true, reasons: ['the newest safety backup'] }),
    expect.objectContaining({ archives: [oldReal], action: 'remove', safety: false }),
    expect.objectContaining({ archives: [old], action: 'remove', safety: true }),
  ]);
  const made = (await agent('backup', '--json')).json<{ backupId: string; removed: string[] }>();
  expect(made.removed.toSorted()).toEqual([leftover, old, oldReal].toSorted());
  const left = [...foreign, kept, real, `${made.backupId}-database`];
  expect((await archiveNames(repository)).toSorted()).toEqual(left.toSorted());

  const again = await craft(nameOf('shop-pre-restore', 59));
  expect((await agent('prune', '--json')).json()).toMatchObject({ removed: [again] });
});
