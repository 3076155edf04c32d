import { expect, test } from 'vitest';
import { loadConfig, type LoadedConfig } from '../../../src/config/load.ts';
import { createTemporaryDirectory } from '../../helpers/temporary-directory.ts';

async function loadNamed(project: string): Promise<LoadedConfig> {
  return loadConfig({
    environment: {
      PROJECT_NAME: project,
      SUPABASE_DB_URL: 'postgresql://me:secret@db.example.com/app',
      BORG_REPO: '/srv/backups/shop',
      BORG_PASSPHRASE: 'secret',
    },
    workingDirectory: await createTemporaryDirectory(),
    homeDirectory: '/home/me',
    isRoot: false,
  });
}

test('a project is not called like the safety backups of another one', async () => {
  await expect(loadNamed('shop-pre-restore')).rejects.toMatchObject({
    code: 'configuration',
    message: expect.stringContaining(
      'PROJECT_NAME ends in -pre-restore: so are the backups called that are made of a target before a restore; choose another name.',
    ) as string,
  });
});

test.each(['pre-restore', 'shop-pre-restored', 'shop-pre-restore-2', 'shop_pre-restore'])('%s is fine', async (project) => {
  expect((await loadNamed(project)).config.project).toBe(project);
});
