import { expect, test } from 'vitest';
import type { Manifest } from '../../../src/domain/manifest.ts';
import { runAgent } from '../../helpers/agent.ts';
import { createTestDatabase } from '../../helpers/database.ts';
import { supabaseRows } from '../../helpers/fixture.ts';
import { createInitializedProject } from '../../helpers/scenario.ts';

test('tells what a backup holds: all of the manifest as JSON, and as text for people', async () => {
  const database = await createTestDatabase({ template: 'supabase' });
  const { project, repository } = await createInitializedProject({ database });
  const show = (...args: string[]) => runAgent(['show', '--env-file', project.envFile, ...args]);
  const backup = await runAgent(['backup', '--env-file', project.envFile, '--json']);
  const { backupId, archives } = backup.json<{ backupId: string; archives: object[] }>();

  const shown = await show('latest', '--json');
  expect(shown).toMatchObject({ exitCode: 0, stderr: '' });
  const document = shown.json<{ manifest: Manifest }>();
  expect(document).toMatchObject({ schemaVersion: 1, command: 'show', backupId, archive: archives[0] });
  const manifest = await repository.borg('extract', '--stdout', `::${backupId}-database`, 'manifest.json');
  expect(document.manifest).toEqual({ ...(JSON.parse(manifest) as object), sha256: undefined });

  for (const selector of [backupId, `${backupId}-database`, backupId.slice(0, -3), backupId.slice('shop-'.length, -6)]) {
    expect((await show(selector, '--json')).stdout).toBe(shown.stdout);
  }

  const { stdout } = await show('latest');
  expect(stdout).toMatch(new RegExp(`^Backup ${backupId} is complete\\.\n`));
  expect(stdout).toMatch(/^auth\.users +table +300 +\d+ KiB$/m);
  expect(stdout).toMatch(/^public\.never_refreshed +materialized view +not counted +0 B$/m);
  expect(stdout).toMatch(/^large objects +captured +5 objects$/m);
  // A line break in a name is shown, not obeyed.
  const odd = Object.keys(supabaseRows).find((name) => name.includes('\n'))!;
  expect(stdout).toContain(odd.replace('\n', '\\u000a'));
});

test('a backup that is not there ends with 2, and names those that are', async () => {
  const { project } = await createInitializedProject({ database: await createTestDatabase() });
  const show = () => runAgent(['show', 'nonsense', '--env-file', project.envFile]);
  expect(await show()).toMatchObject({ exitCode: 2, stdout: '', stderr: expect.stringContaining('agent backup') as string });
  await runAgent(['backup', '--env-file', project.envFile]);
  expect(await show()).toMatchObject({
    exitCode: 2,
    stderr: expect.stringMatching(/"nonsense" is no backup.*\n.*shop-2/) as string,
  });
});
