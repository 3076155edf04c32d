import { expect, test } from 'vitest';
import { runAgent, startAgent, type RunningAgent } from '../../helpers/agent.ts';
import { craftArchive } from '../../helpers/crafted-archive.ts';
import { createTestDatabase } from '../../helpers/database.ts';
import { expectNoLeaks } from '../../helpers/leaks.ts';
import { createInitializedProject } from '../../helpers/scenario.ts';

test('a good backup ends with 0, one that differs from its manifest with 22', async () => {
  const database = await createTestDatabase({ template: 'supabase' });
  const { project, repository } = await createInitializedProject({ database });
  const verify = (...args: string[]) => runAgent(['verify', '--env-file', project.envFile, ...args]);
  const made = await runAgent(['backup', '--env-file', project.envFile, '--json']);
  const { backupId } = made.json<{ backupId: string }>();

  const good = await verify('--data', '--json');
  expect(good).toMatchObject({ exitCode: 0, stderr: '' });
  expect(good.json()).toMatchObject({
    schemaVersion: 1,
    command: 'verify',
    status: 'complete',
    project: 'shop',
    data: true,
    backups: [{ backupId, archive: `${backupId}-database`, tables: 20, rows: 3024, largeObjects: 5, parts: 14 }],
  });
  expect((await verify()).stdout).toMatch(/^The backup is good .*\n\nBACKUP .*\n.*\n\nThe data itself was not read: --data/);

  const as = 'shop-20260101T000000Z-database';
  await craftArchive(repository, { from: `${backupId}-database`, as, manifest: { largeObjects: { count: 4 } } });
  const bad = await verify('20260101', '--data');
  expect(bad).toMatchObject({ exitCode: 22, stdout: '' });
  expect(bad.stderr).toMatch(
    /^Error: shop-20260101T000000Z-database is not good: .*large objects: 4 expected, 5 found\.\nTry: /,
  );
  expect(await runAgent(['status', '--env-file', project.envFile, '--json'])).toMatchObject({
    stdout: expect.stringContaining('"command":"verify","status":"failed"') as string,
  });
});

test('an interrupted one leaves nothing behind', async () => {
  const database = await createTestDatabase({ template: 'supabase' });
  const { project } = await createInitializedProject({ database });
  await runAgent(['backup', '--env-file', project.envFile]);
  const agent: RunningAgent = startAgent(['verify', '--data', '--log-level', 'debug', '--env-file', project.envFile], {
    onStderrLine: (line) => {
      if (line.includes('"stage":"verify"')) agent.kill('SIGINT');
    },
  });
  expect(await agent.finished).toMatchObject({ exitCode: 130, stdout: '' });
  await expectNoLeaks(project.directory);
  expect(await runAgent(['verify', '--env-file', project.envFile])).toMatchObject({ exitCode: 0 });
});

test('one backup and all of them is too much to ask for', async () => {
  expect(await runAgent(['verify', 'latest', '--all'])).toMatchObject({ exitCode: 2, stdout: '' });
});
