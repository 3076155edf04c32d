import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { loadStatusConfig } from '../../../src/config/load-status.ts';
import { isProjectNamed, type LoadOptions } from '../../../src/config/open.ts';
import { createStatusScene } from '../../helpers/status-scene.ts';
import { createTemporaryDirectory } from '../../helpers/temporary-directory.ts';

const surroundings: LoadOptions = { environment: {}, workingDirectory: '/', homeDirectory: '/home/me', isRoot: false };

test('tells what stands in a file without any of its secrets', async () => {
  const { directory, stateDirectory, addProject } = await createStatusScene();
  await addProject('shop', { LATE_AFTER: '26h', BACKUP_SCHEDULE: 'hourly' });
  const { config } = await loadStatusConfig({ ...surroundings, projectsDirectory: directory, project: 'shop' });
  expect(config).toMatchObject({
    project: 'shop',
    envFile: join(directory, 'shop.env'),
    stateDirectory,
    schedule: { backup: { text: 'hourly' } },
    database: {},
    storage: undefined,
    alerts: { lateAfterMs: 26 * 3_600_000 },
  });
});

test('says what is wrong with the rest', async () => {
  const { directory, addProject } = await createStatusScene();
  await addProject('shop', { BACKUP_SCHEDULE: 'nightly', BORG_REPO: '' });
  await expect(loadStatusConfig({ ...surroundings, projectsDirectory: directory, project: 'shop' })).rejects.toMatchObject({
    code: 'configuration',
    message: expect.stringMatching(/BORG_REPO is missing\.\n {2}BACKUP_SCHEDULE has to be/) as unknown,
  });
});

test('knows whether anything names a project', async () => {
  const workingDirectory = await createTemporaryDirectory();
  const here = { ...surroundings, workingDirectory };
  expect(await isProjectNamed(here)).toBe(false);
  expect(await isProjectNamed({ ...here, environment: { PATH: '/bin', BORG_REPO: '' } })).toBe(false);
  expect(await isProjectNamed({ ...here, environment: { BORG_REPO: '/srv' } })).toBe(true);
  expect(await isProjectNamed({ ...here, project: 'shop' })).toBe(true);
  expect(await isProjectNamed({ ...here, envFile: 'shop.env' })).toBe(true);
  await writeFile(join(workingDirectory, '.env'), '');
  expect(await isProjectNamed(here)).toBe(true);
});
