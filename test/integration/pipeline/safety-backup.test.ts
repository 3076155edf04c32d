import { join } from 'node:path';
import { expect, test } from 'vitest';
import { Secret } from '../../../src/config/project-config.ts';
import type { RunContext } from '../../../src/context.ts';
import { AppError } from '../../../src/errors.ts';
import { initialize } from '../../../src/pipeline/init.ts';
import { listBackups } from '../../../src/pipeline/list.ts';
import { showBackup } from '../../../src/pipeline/show.ts';
import { createTestRepository, type TestRepository } from '../../helpers/borg.ts';
import { createTestContext } from '../../helpers/context.ts';
import { createTestDatabase, type TestDatabase } from '../../helpers/database.ts';
import { expectNoLeaks } from '../../helpers/leaks.ts';
import { makeSafetyBackup } from '../../helpers/safety-backup.ts';
import { startTestCluster } from '../../helpers/test-cluster.ts';

async function createProject(source: TestDatabase): Promise<{ context: RunContext; repository: TestRepository }> {
  const repository = await createTestRepository();
  const context = await createTestContext({ database: source, repository });
  await initialize(context);
  return { context, repository };
}

/** The failure of a safety backup: nothing of it is in the repository, under whatever name, and nothing is left of the run. */
async function failureOf(context: RunContext, target: Pick<TestDatabase, 'config'>): Promise<AppError> {
  const error: unknown = await makeSafetyBackup(context, target).catch((thrown: unknown) => thrown);
  expect(error).toBeInstanceOf(AppError);
  expect(await context.repository.list()).toEqual([]);
  expect(context.state.listRuns(1)).toMatchObject([{ command: 'restore', status: 'failed' }]);
  await expectNoLeaks(join(context.config.stateDirectory, 'shop/run'));
  return error as AppError;
}

test('what of a target cannot be read is not in its safety backup, which says so', async () => {
  const { address } = await startTestCluster();
  const target = await createTestDatabase({ cluster: address });
  await target.query(`
    CREATE ROLE reader LOGIN PASSWORD 'of the reader';
    CREATE TABLE public.open AS SELECT 1 AS x; GRANT SELECT ON public.open TO reader;
    CREATE TABLE public.closed AS SELECT 1 AS x`);
  const { context } = await createProject(await createTestDatabase());
  const config = { ...target.config, user: 'reader', password: new Secret('of the reader') };
  const made = await makeSafetyBackup(context, { config });
  expect(made.status).toBe('incomplete');
  expect(made.warnings).toEqual([
    expect.stringMatching(
      new RegExp(`^not all of the target is in the safety backup ${made.backupId}: table public.closed: not readable`),
    ),
  ]);
  expect(made.coverage).toContainEqual({ component: 'tables', state: 'captured', detail: '1 table with 1 row' });
  expect(await listBackups(context)).toMatchObject({
    backups: [{ backupId: made.backupId, status: 'incomplete', safety: true }],
  });
  const { manifest } = (await showBackup(context, made.backupId)).database!;
  expect(manifest).toMatchObject({ backupId: made.backupId, project: 'staging' });
});

test('a target that cannot be reached or dumped ends the run, and is told to be untouched', async () => {
  const source = await createTestDatabase();
  const { context } = await createProject(source);
  const gone = await failureOf(context, { config: { ...source.config, database: 'gone' } });
  expect(gone).toMatchObject({ code: 'target_unreachable', exitCode: 20 });
  expect(gone.message).toMatch(
    /^The target staging could not be backed up .* nothing on it was touched\. PostgreSQL at .*gone/,
  );
  expect(gone.hint).toMatch(/^There is no such database: .* --no-safety-backup\.$/);

  const repository = { ...context.repository, rename: () => Promise.reject(new TypeError('no such thing')) };
  const error: unknown = await makeSafetyBackup({ ...context, repository }, source).catch((thrown: unknown) => thrown);
  expect(error).toMatchObject({
    code: 'failed',
    message: expect.stringMatching(/nothing on it was touched\. no such/) as string,
  });
  // Under its provisional name it is a leftover, which the next backup removes.
  expect(await listBackups(context)).toMatchObject({
    backups: [],
    unfinished: [expect.stringMatching(/^\.partial-shop-pre-restore-/)],
  });
});

test('a safety backup is interrupted like any run', async () => {
  const source = await createTestDatabase();
  const { context } = await createProject(source);
  const stopping = new AbortController();
  const databases = {
    ...context.databases,
    findPrograms: (major: number) => {
      stopping.abort();
      return context.databases.findPrograms(major);
    },
  };
  const interrupted = await failureOf({ ...context, signal: stopping.signal, databases }, source);
  expect(interrupted).toMatchObject({ code: 'interrupted', exitCode: 130 });
});
