import { execa } from 'execa';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { runAgent } from '../helpers/agent.ts';
import { createTestRepository } from '../helpers/borg.ts';
import { createTestDatabase } from '../helpers/database.ts';
import { expectNoLeaks } from '../helpers/leaks.ts';
import { createTestProject } from '../helpers/project.ts';
import { archiveNames, createInitializedProject, expectGood } from '../helpers/scenario.ts';

test('there is no repository: exit code 10, with the remedy', async () => {
  const source = await createTestDatabase();
  const project = await createTestProject({ database: source, repository: await createTestRepository() });
  const result = await runAgent(['backup', '--env-file', project.envFile]);
  expect(result).toMatchObject({ exitCode: 10, stdout: '' });
  expect(result.stderr).toMatch(/^Error: There is no Borg repository at .*\.\nTry: Create it with `agent init`/);
  await expectNoLeaks(project.directory);
});

test('the repository goes away between two runs: exit code 10', async () => {
  const source = await createTestDatabase();
  const { project, repository } = await createInitializedProject({ database: source });
  await runAgent(['backup', '--env-file', project.envFile]);
  await execa('mv', [repository.location, `${repository.location}.away`]);
  expect(await runAgent(['backup', '--env-file', project.envFile])).toMatchObject({ exitCode: 10 });
  await execa('mv', [`${repository.location}.away`, repository.location]);
  expect(await runAgent(['backup', '--env-file', project.envFile])).toMatchObject({ exitCode: 0 });
});

test('the passphrase is wrong: exit code 12, and it is not shown', async () => {
  const source = await createTestDatabase();
  const { project, repository } = await createInitializedProject({ database: source });
  expect(await runAgent(['backup', '--env-file', project.envFile])).toMatchObject({ exitCode: 0 });
  const before = await archiveNames(repository);
  for (const command of ['backup', 'list']) {
    const env = { BORG_PASSPHRASE: 'canary-not-the-passphrase' };
    const result = await runAgent([command, '--env-file', project.envFile, '--json'], { env });
    expect(result.exitCode).toBe(12);
    expect(result.json()).toMatchObject({ error: { code: 'passphrase_wrong', exitCode: 12 } });
    expect(result.stdout + result.stderr).not.toContain('canary');
  }
  expect(await archiveNames(repository)).toEqual(before);
  await expectNoLeaks(project.directory);
});

test('init refuses a repository that is there, and leaves it as it is', async () => {
  const source = await createTestDatabase();
  const { project } = await createInitializedProject({ database: source });
  await runAgent(['backup', '--env-file', project.envFile]);
  const again = await runAgent(['init', '--env-file', project.envFile, '--json']);
  expect(again.json()).toMatchObject({ error: { code: 'repository_exists', exitCode: 2 } });
  await expectGood(project);
});

test('the key is exported once, into a private file that was not there', async () => {
  const source = await createTestDatabase();
  const { project, repository } = await createInitializedProject({ database: source });
  const file = join(project.directory, 'key.txt');
  expect(await runAgent(['init', '--export-key', file, '--env-file', project.envFile])).toMatchObject({ exitCode: 0 });
  const { stdout } = await execa('stat', ['--format=%a', file]);
  expect(stdout).toBe('600');
  await execa('grep', ['--quiet', '^BORG_KEY ', file]);
  expect(await runAgent(['init', '--export-key', file, '--env-file', project.envFile])).toMatchObject({ exitCode: 2 });
  // The key opens the repository whose own copy is lost.
  await execa('sed', ['--in-place', '/^key = /,/^$/d', join(repository.location, 'config')]);
  await repository.borg('key', 'import', '::', file);
  await repository.borg('list');
});

test('less room than Borg asks for: exit code 21 before anything is dumped, as Borg itself would say in the end', async () => {
  const source = await createTestDatabase();
  const { project, repository } = await createInitializedProject({ database: source });
  await repository.borg('config', repository.location, 'additional_free_space', String(10 ** 15));
  const result = await runAgent(['backup', '--env-file', project.envFile, '--json']);
  expect(result.json()).toMatchObject({ error: { code: 'no_space', exitCode: 21 } });
  expect(result.stdout).toMatch(
    /bytes are free at .*, and Borg begins no archive there with less than 1,000,000,000,\d{3},\d{3} bytes/,
  );
  await expect(repository.borg('create', '::by-hand', project.envFile)).rejects.toThrow('Insufficient free space');
  expect(await archiveNames(repository)).toEqual([]);
});
