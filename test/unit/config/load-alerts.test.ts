import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { loadAlerts } from '../../../src/config/load-alerts.ts';
import { createTemporaryDirectory } from '../../helpers/temporary-directory.ts';

async function load(...lines: readonly string[]) {
  const workingDirectory = await createTemporaryDirectory();
  await writeFile(join(workingDirectory, 'shop.env'), lines.map((line) => `${line}\n`).join(''), { mode: 0o600 });
  const options = { environment: {}, workingDirectory, homeDirectory: workingDirectory, isRoot: false };
  const { project, alerts } = await loadAlerts({ ...options, project: 'shop', projectsDirectory: workingDirectory });
  return { project, kinds: alerts.targets.map(({ kind }) => kind), alerts };
}

test('whoever is named rightly is told, whatever else is wrong', async () => {
  const { project, kinds, alerts } = await load(
    'PROJECT_NAME=web shop',
    'BACKUP_SCHEDULE=nightly',
    'BORG_PASSPHRASE_COMMAND=exit 1',
    'NOTIFY_NTFY_URL=https://ntfy.example.com/shop',
    'NOTIFY_ON=failure,late',
    // The rest of the mail is of no use without an address, and the address of the other is none.
    'NOTIFY_SMTP_URL=smtps://mail.example.com',
    'NOTIFY_EMAIL_FROM=backup@example.com',
    'NOTIFY_SLACK_URL=slack',
    'NOTIFY_ON_SLACK=failure',
    'NOTIFY_WEBHOOK_URL_COMMAND=echo https://hook.example.com; exit 1',
  );
  expect(project).toBe('shop');
  expect(kinds).toEqual(['ntfy']);
  expect(alerts.targets[0]).toMatchObject({ on: ['failure', 'late'] });
});

test('what is chosen wrongly is as it would be without', async () => {
  const { project, alerts } = await load(
    'PROJECT_NAME=web',
    'NOTIFY_PING_URL=https://ping.example.com',
    'NOTIFY_ON=everything',
  );
  expect(project).toBe('web');
  expect(alerts.targets).toMatchObject([{ kind: 'ping', on: expect.arrayContaining(['failure', 'late']) as unknown }]);
});

test('of a file that is not there nothing is known', async () => {
  const workingDirectory = await createTemporaryDirectory();
  const options = { environment: {}, workingDirectory, homeDirectory: workingDirectory, isRoot: false };
  await expect(loadAlerts({ ...options, project: 'gone', projectsDirectory: workingDirectory })).rejects.toMatchObject({
    code: 'configuration',
  });
});
