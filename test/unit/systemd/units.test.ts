import { spawnSync } from 'node:child_process';
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { createTemporaryDirectory } from '../../helpers/temporary-directory.ts';

const directory = fileURLToPath(new URL('../../../systemd', import.meta.url));
const names = (await readdir(directory)).filter((name) => /\.(service|timer)$/.test(name)).toSorted();
const units = new Map(
  await Promise.all(names.map(async (name) => [name, await readFile(join(directory, name), 'utf8')] as const)),
);
const services = names.filter((name) => name.endsWith('.service'));
const templates = names.filter((name) => name.includes('@') && units.has(name.replace('@', '')));

/** What the hardening of a long-running service may cost at most, of ten. */
const worstExposure = 2;

const missing = spawnSync('systemd-analyze', ['--version']).error;
if (missing !== undefined)
  console.warn(`systemd-analyze is not there (${missing.message}): the units are not looked at by it.`);

test('serve one project each, and the one in default.env without an instance', () => {
  expect(templates).toEqual([
    'supabase-backup-drill@.service',
    'supabase-backup-drill@.timer',
    'supabase-backup-verify@.service',
    'supabase-backup-verify@.timer',
    'supabase-backup@.service',
    'supabase-backup@.timer',
  ]);
});

test.each(templates)('%s says the same without an instance', (name) => {
  const expected = units
    .get(name)!
    .replaceAll('supabase-backup@%i.service', 'supabase-backup.service')
    .replaceAll('the project %i', 'the project in /etc/supabase-backup/default.env')
    .replaceAll('@NAME', '')
    .replaceAll('%i', 'default');
  expect(units.get(name.replace('@', ''))).toBe(expected);
});

test.each(services)('%s has the hardening of the others', (name) => {
  const shared = /^User=[\s\S]*/m;
  expect(shared.exec(units.get(name)!)?.[0]).toBe(shared.exec(units.get('supabase-backup@.service')!)![0]);
});

describe.skipIf(missing !== undefined)('systemd-analyze', () => {
  test('verify has nothing to say', async () => {
    const copies = join(await createTemporaryDirectory(), 'units');
    await mkdir(copies);
    // The program of an installation is not there, as a rule.
    for (const [name, text] of units)
      await writeFile(join(copies, name), text.replaceAll('/opt/supabase-backup-agent/bin/agent', process.execPath));
    const paths = names.map((name) => join(copies, name.replace('@.', '@shop.')));
    // An instance is looked for beside its template.
    const { status, stderr } = spawnSync('systemd-analyze', ['verify', '--man=no', ...paths], {
      encoding: 'utf8',
      env: { ...process.env, SYSTEMD_UNIT_PATH: `${copies}:` },
    });
    // It answers 0 even where it does not know a key.
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
  });

  test.each(services)(`security of %s is ${worstExposure} or lower`, (name) => {
    const { status, stdout, stderr } = spawnSync(
      'systemd-analyze',
      ['security', '--offline=true', `--threshold=${worstExposure * 10}`, '--no-pager', join(directory, name)],
      { encoding: 'utf8' },
    );
    expect({ status, stderr }, stdout).toEqual({ status: 0, stderr: '' });
  });
});
