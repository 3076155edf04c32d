import { expect, test } from 'vitest';
import { createTestDatabase } from '../helpers/database.ts';
import { bootMachine, checkoutOnMachine, runOnMachine, waitForRun, writeOnMachine } from '../helpers/machine.ts';

const repository = '/var/backups/supabase-backup/shop';
const passphrase = 'canary-of-the-passphrase';
const encryptedPassword = '/etc/credstore.encrypted/shop-db-password';
const plainPassphrase = '/etc/credstore/shop-passphrase';
const install = `${checkoutOnMachine}/scripts/install`;

const credentials = [
  `LoadCredential=BORG_PASSPHRASE:${plainPassphrase}`,
  `LoadCredentialEncrypted=SUPABASE_DB_PASSWORD:${encryptedPassword}`,
];

test('is installed, makes up for a missed backup, takes credentials, tells of a failure, and goes without a trace of the program', async ({
  skip,
}) => {
  const booted = await bootMachine();
  const machine = typeof booted === 'string' ? skip(`No machine with systemd: ${booted}.`) : booted;
  const done = (command: readonly string[], input?: string) => runOnMachine(machine, command, input);

  expect(await done([install])).toContain('systemctl enable --now supabase-backup@prod.timer');
  expect(await done([install, '--dry-run'])).not.toContain('useradd');

  const { config } = await createTestDatabase();
  const url = `postgresql://${config.user}@${config.host}:${config.port}/${config.database}?sslmode=disable`;
  const write = (path: string, text: string, mode?: string) => writeOnMachine(machine, path, text, mode);
  await write('/etc/supabase-backup/shop.env', `PROJECT_NAME=shop\nSUPABASE_DB_URL=${url}\nBORG_REPO=${repository}\n`, '640');
  await write(plainPassphrase, `${passphrase}\n`, '600');
  await done(['mkdir', '-p', '/etc/credstore.encrypted']);
  const password = config.password!.reveal();
  await done(['systemd-creds', 'encrypt', '--with-key=host', '--name=SUPABASE_DB_PASSWORD', '-', encryptedPassword], password);
  const dropIn = ['[Service]', ...credentials, ''].join('\n');
  await write('/etc/systemd/system/supabase-backup@shop.service.d/credentials.conf', dropIn);
  for (const unit of ['supabase-backup-verify', 'supabase-backup-drill'])
    await write(`/etc/systemd/system/${unit}@shop.service.d/credentials.conf`, dropIn);
  await write('/etc/systemd/system/supabase-backup@.timer.d/soon.conf', '[Timer]\nRandomizedDelaySec=0\n');
  const properties = ['User=supabase-backup', ...credentials].map((line) => `--property=${line}`);
  const run = ['systemd-run', '--quiet', '--wait', '--pipe', ...properties, 'agent'];
  const agent = (...args: string[]) => [...run, ...args, '--project', 'shop', '--json'];
  await done(agent('init'));

  // The last time was two days ago: the timer has something to make up for.
  await done(['install', '-d', '/var/lib/systemd/timers']);
  await done(['touch', '--date=2 days ago', '/var/lib/systemd/timers/stamp-supabase-backup@shop.timer']);
  await done(['systemctl', 'daemon-reload']);
  await done(['systemctl', 'enable', '--now', '--quiet', 'supabase-backup@shop.timer']);
  expect(await waitForRun(machine, 'supabase-backup@shop.service')).toContain('Finished supabase-backup@shop.service');
  const list = JSON.parse(await done(agent('list'))) as { backups: object[] };
  expect(list.backups).toMatchObject([{ status: 'complete' }]);
  const shown = JSON.parse(await done(agent('config', 'show'))) as { variables: object[] };
  expect(shown.variables).toContainEqual({ name: 'BORG_PASSPHRASE', value: '***', source: 'credential' });

  await done(['systemctl', 'start', 'supabase-backup-verify@shop.service']);
  await done(['systemctl', 'start', 'supabase-backup-drill@shop.service']);
  expect(JSON.parse(await done(agent('list')))).toMatchObject({ backups: [{ drill: { status: 'complete' } }] });

  const broken = `PROJECT_NAME=broken\nSUPABASE_DB_URL=${url}\nSUPABASE_DB_PASSWORD=wrong\nBORG_REPO=${repository}\nBORG_PASSPHRASE=x\n`;
  await write('/etc/supabase-backup/broken.env', broken, '640');
  expect((await machine.run(['systemctl', 'start', 'supabase-backup@broken.service'])).exitCode).not.toBe(0);
  expect(await waitForRun(machine, 'supabase-backup-alert@broken.service')).toContain('Finished supabase-backup-alert@broken');
  const errors = await done(['journalctl', '--unit=supabase-backup-alert@broken.service', '--priority=err', '--output=cat']);
  expect(errors).toMatch(/1 run has failed/);
  // Root becomes the user of the units, and so sees the same.
  expect(await done(['agent', 'status', '--project', 'broken'])).toMatch(/1 run has failed/);
  // It knows when the timer elapses, and needs no credentials of the unit.
  expect(await done(['agent', 'status'])).toMatch(
    /^broken +failed +never +- .*\nshop +ok +(just now|\d+ min ago) +(in \d+ (h|min)|now) +\d/m,
  );
  const journal = await done(['journalctl', '--output=json']);
  for (const secret of [passphrase, password, JSON.stringify(password).slice(1, -1)]) expect(journal).not.toContain(secret);

  await done([install, '--uninstall']);
  const left = await done([
    'find',
    '/opt',
    '/usr/local/bin',
    '/etc/systemd/system',
    '-name',
    '*agent*',
    '-o',
    '-name',
    '*.timer',
  ]);
  expect(left).toBe('');
  await done(['test', '-e', '/etc/supabase-backup/shop.env', '-a', '-e', `${repository}/config`]);
});
