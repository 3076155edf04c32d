import { expect, test } from 'vitest';
import { createTestDatabase } from '../helpers/database.ts';
import { holdDumps } from '../helpers/held-dumps.ts';
import { bootMachine, checkoutOnMachine, runOnMachine, waitForLine, waitForRun, writeOnMachine } from '../helpers/machine.ts';

const unit = 'supabase-backup-agent.service';
const sooner = `/etc/systemd/system/${unit}.d/sooner.conf`;
const environmentFile = '/etc/supabase-backup/shop.env';
const passwordFile = '/etc/supabase-backup/shop.password';
const repository = '/var/backups/supabase-backup/shop';
const passphrase = 'canary-of-the-passphrase';
const install = `${checkoutOnMachine}/scripts/install`;

test('the agent as a service is ready, backs up, reads a change, begins anew after a kill and a hang, and ends before it goes', async ({
  skip,
}) => {
  const booted = await bootMachine();
  const machine = typeof booted === 'string' ? skip(`No machine with systemd: ${booted}.`) : booted;
  const done = (command: readonly string[]) => runOnMachine(machine, command);
  const show = async (property: string) =>
    (await done(['systemctl', 'show', '--value', `--property=${property}`, unit])).trim();
  const signal = (name: string) => done(['systemctl', 'kill', '--kill-whom=main', `--signal=${name}`, unit]);
  const listBackups = async () =>
    (JSON.parse(await done(['agent', 'list', '--project', 'shop', '--json'])) as { backups: object[] }).backups;

  const waitUntilHeld = async () => {
    await expect.poll(() => show('StatusText'), { timeout: 120_000 }).toMatch(/^shop: backup, snapshot/);
  };

  await done([install]);
  const database = await createTestDatabase();
  const { user, password, host, port, database: name } = database.config;
  const url = `postgresql://${user}@${host}:${port}/${name}?sslmode=disable`;
  const secrets = `SUPABASE_DB_PASSWORD_FILE=${passwordFile}\nBORG_PASSPHRASE=${passphrase}\n`;
  const settings = `PROJECT_NAME=shop\nSUPABASE_DB_URL=${url}\nBORG_REPO=${repository}\nSCHEDULE_TIMEZONE=UTC\n${secrets}`;
  await writeOnMachine(machine, passwordFile, password!.reveal(), '640');
  await writeOnMachine(machine, environmentFile, settings, '640');
  // Where control groups are of the first version, systemd in a container does not learn that the last process of a unit is gone.
  await writeOnMachine(machine, sooner, '[Service]\nWatchdogSec=2\nRestartSec=100ms\nTimeoutStopSec=2\n');
  await done(['agent', 'init', '--project', 'shop']);

  // Type=notify: it is ready when this ends.
  await done(['systemctl', 'daemon-reload']);
  await done(['systemctl', 'enable', '--now', '--quiet', unit]);
  expect(await show('StatusText')).toMatch(/^next run 20/);
  const held = await holdDumps(database);
  await done(['agent', 'run-now', 'shop']);
  await waitUntilHeld();
  // The timer's unit begins, sees that somebody is at it, and ends well.
  await done(['systemctl', 'start', 'supabase-backup@shop.service']);
  expect(await waitForRun(machine, 'supabase-backup@shop.service')).toMatch(/Another run.*is going on[^]*Finished/);

  await signal('SIGKILL');
  await waitForLine(machine, unit, 'the agent is ready', 2);
  expect(await show('NRestarts')).toBe('1');
  await held.release();
  await done(['agent', 'run-now', 'shop']);
  await waitForLine(machine, unit, 'run ended');
  expect(await listBackups()).toMatchObject([{ status: 'complete' }]);

  await writeOnMachine(machine, environmentFile, `${settings}BACKUP_SCHEDULE=15 4 * * *\n`, '640');
  await done(['systemctl', 'reload', unit]);
  expect(await waitForLine(machine, unit, 'configuration was read again')).toMatch(/backup: daily .* -> 15 4 \* \* \*/);

  await signal('SIGSTOP');
  expect(await waitForLine(machine, unit, 'the agent is ready', 3)).toContain('Watchdog timeout');
  expect(await show('NRestarts')).toBe('2');

  // A newer version goes over one that is at work, and all of it goes in the end, a run included.
  const heldAgain = await holdDumps(database);
  await done(['agent', 'run-now', 'shop']);
  await waitUntilHeld();
  await done(['rm', sooner]);
  await done([install]);
  expect(await show('StatusText')).toMatch(/shop: backup/);
  await done([install, '--uninstall']);
  await heldAgain.release();
  expect((await machine.run(['pgrep', '--uid', 'supabase-backup'])).stdout).toBe('');
  const journal = await done(['journalctl', '--output=json', `--unit=${unit}`]);
  expect(journal).toMatch(/run cancelled[^]*the agent has ended/);
  expect(await done(['journalctl', '--output=json'])).not.toContain(passphrase);
  await done([install]);
  expect(await listBackups()).toMatchObject([{ status: 'complete' }]);
});
