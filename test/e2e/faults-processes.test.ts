import { watch } from 'node:fs';
import { expect, test } from 'vitest';
import { runAgent } from '../helpers/agent.ts';
import { createTestDatabase } from '../helpers/database.ts';
import { expectNoLeaks } from '../helpers/leaks.ts';
import { bigTable, startPausedBackup } from '../helpers/paused-backup.ts';
import { archiveNames, createInitializedProject, expectGood } from '../helpers/scenario.ts';
import { createTemporaryDirectory } from '../helpers/temporary-directory.ts';

// Who is killed, and not asked: test/faults/kills.test.ts.

test('in the middle of a dump the agent is asked to end', async () => {
  const source = await createTestDatabase();
  await source.query(bigTable);
  const { project, repository } = await createInitializedProject({ database: source });
  const backUp = ['backup', '--env-file', project.envFile];
  expect(await runAgent(backUp)).toMatchObject({ exitCode: 0 });
  const before = await archiveNames(repository);

  const paused = await startPausedBackup(project, source);
  paused.agent.kill('SIGTERM');
  paused.resume();
  const result = await paused.agent.finished;
  expect(result.exitCode).toBe(130);
  expect(result.json()).toMatchObject({ error: { code: 'interrupted' } });

  await expectNoLeaks(project.directory);
  expect(await archiveNames(repository)).toEqual(before);
  expect(await runAgent(backUp)).toMatchObject({ exitCode: 0, stderr: '' });
  expect(await archiveNames(repository)).toHaveLength(before.length + 1);
  await expectGood(project);
  await expectNoLeaks(project.directory);
});

test('what a run makes for a moment lies where the next run looks for it, and not in the directory for everybody', async () => {
  const { project } = await createInitializedProject({ database: await createTestDatabase() });
  const temporary = await createTemporaryDirectory();
  const made = new Set<string | null>();
  const watcher = watch(temporary, (_event, name) => made.add(name));
  try {
    for (const words of [['backup'], ['verify'], ['prune']]) {
      const result = await runAgent([...words, '--env-file', project.envFile], { env: { TMPDIR: temporary } });
      expect({ words, exitCode: result.exitCode, made: [...made] }).toEqual({ words, exitCode: 0, made: [] });
    }
    // That the watch sees what Borg does: `list` is no run.
    await runAgent(['list', '--env-file', project.envFile], { env: { TMPDIR: temporary } });
    await expect.poll(() => made.size, { timeout: 120_000 }).toBeGreaterThan(0);
  } finally {
    watcher.close();
  }
});
