import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeEach, describe, expect, test } from 'vitest';
import { loadConfig, loadTarget, type LoadedConfig } from '../../../src/config/load.ts';
import type { LoadOptions } from '../../../src/config/open.ts';
import { createTemporaryDirectory } from '../../helpers/temporary-directory.ts';

const project = { PROJECT_NAME: 'shop', BORG_REPO: '/srv/backups/shop' };
const database = { SUPABASE_DB_URL: 'postgresql://me@db.example.com/app' };

let directory: string;
let credentials: string;
let options: LoadOptions;

beforeEach(async () => {
  directory = await createTemporaryDirectory();
  credentials = join(directory, 'credentials');
  await mkdir(credentials);
  await mkdir(join(directory, 'etc'));
  options = {
    environment: { CREDENTIALS_DIRECTORY: credentials },
    workingDirectory: directory,
    homeDirectory: '/home/me',
    isRoot: false,
    projectsDirectory: join(directory, 'etc'),
    project: 'shop',
  };
});

/** As systemd does it: read-only, for the user of the unit alone. */
async function writeCredentials(values: Record<string, string>): Promise<void> {
  for (const [name, value] of Object.entries(values)) await writeFile(join(credentials, name), value, { mode: 0o400 });
}

async function writeProject(values: Record<string, string>, name = 'shop'): Promise<void> {
  const lines = Object.entries(values).map(([variable, value]) => `${variable}='${value}'\n`);
  await writeFile(join(directory, 'etc', `${name}.env`), lines.join(''), { mode: 0o600 });
}

async function load(): Promise<LoadedConfig> {
  return loadConfig(options);
}

function sourcesOf({ described }: LoadedConfig): Record<string, string> {
  return Object.fromEntries(described.map(({ name, source }) => [name, source]));
}

describe('a credential named like a variable', () => {
  test('holds its value, for a named project, too', async () => {
    await writeProject({ ...project, ...database });
    await writeCredentials({ BORG_PASSPHRASE: 'one\n', SUPABASE_DB_PASSWORD: ' two #', unrelated: '' });
    const loaded = await load();
    expect(loaded.config.repository.passphrase.reveal()).toBe('one');
    expect(loaded.config.database?.password?.reveal()).toBe(' two #');
    expect(sourcesOf(loaded)).toMatchObject({ BORG_PASSPHRASE: 'credential', SUPABASE_DB_PASSWORD: 'credential' });
    expect(loaded.warnings).toEqual([]);
    expect(JSON.stringify(loaded)).not.toContain('two #');
  });

  test('may be all that there is', async () => {
    await writeCredentials({ ...project, ...database, BORG_PASSPHRASE: 'one' });
    const { config } = await loadConfig({ ...options, project: undefined });
    expect(config).toMatchObject({ project: 'shop', envFile: undefined, repository: { location: '/srv/backups/shop' } });
  });

  test('counts for less than the env file, which says so', async () => {
    await writeProject({ ...project, ...database, BORG_PASSPHRASE: 'of the file' });
    await writeCredentials({ BORG_PASSPHRASE: 'of the credential' });
    const { config, warnings } = await load();
    expect(config.repository.passphrase.reveal()).toBe('of the file');
    expect(warnings).toEqual(['BORG_PASSPHRASE is a credential too, but what the env file says counts before it']);
  });

  test('is not what another project is reached with', async () => {
    await writeProject({ ...project, ...database }, 'other');
    await writeCredentials({ SUPABASE_DB_PASSWORD: 'secret of shop' });
    expect((await loadTarget('other', { ...options, project: undefined })).database?.password).toBeUndefined();
  });

  test('is missed by its name', async () => {
    await writeProject({ ...project, ...database, BORG_PASSPHRASE: 'one' });
    await writeCredentials({ SUPABASE_DB_PASWORD: 'two' });
    expect((await load()).warnings).toEqual([
      'SUPABASE_DB_PASWORD is not a variable of this program: did you mean SUPABASE_DB_PASSWORD?',
    ]);
  });

  test('that is empty is a problem with a name', async () => {
    await writeProject({ ...project, ...database });
    await writeCredentials({ BORG_PASSPHRASE: '' });
    await expect(load()).rejects.toThrow(
      `BORG_PASSPHRASE cannot be had from its credential: ${credentials}/BORG_PASSPHRASE is empty`,
    );
  });
});

describe('NAME_FILE', () => {
  test.each(['%d/shop-passphrase', 'shop-passphrase'])('may point to a credential: %s', async (file) => {
    await writeProject({ ...project, ...database, BORG_PASSPHRASE_FILE: file });
    await writeCredentials({ 'shop-passphrase': 'one\n' });
    const loaded = await load();
    expect(loaded.config.repository.passphrase.reveal()).toBe('one');
    expect(sourcesOf(loaded)).toMatchObject({ BORG_PASSPHRASE: 'BORG_PASSPHRASE_FILE' });
  });

  test('may name the credential that would be found anyway', async () => {
    await writeProject({ ...project, ...database, BORG_PASSPHRASE_FILE: '%d/BORG_PASSPHRASE' });
    await writeCredentials({ BORG_PASSPHRASE: 'one' });
    expect((await load()).warnings).toEqual([]);
  });

  test('is a file beside the env file first', async () => {
    await writeProject({ ...project, ...database, BORG_PASSPHRASE_FILE: 'passphrase' });
    await writeFile(join(directory, 'etc/passphrase'), 'beside', { mode: 0o600 });
    await writeCredentials({ passphrase: 'credential' });
    expect((await load()).config.repository.passphrase.reveal()).toBe('beside');
  });

  test('says what it needs outside of a unit', async () => {
    await writeProject({ ...project, ...database, BORG_PASSPHRASE_FILE: '%d/passphrase' });
    await expect(loadConfig({ ...options, environment: {} })).rejects.toThrow(
      'BORG_PASSPHRASE cannot be had from BORG_PASSPHRASE_FILE: %d stands for the credentials of a systemd unit, and this was not started by a unit that has any',
    );
  });
});

test('a directory of credentials that is gone is an error with a hint', async () => {
  await writeProject({ ...project, ...database, BORG_PASSPHRASE: 'one' });
  const environment = { CREDENTIALS_DIRECTORY: join(directory, 'gone') };
  await expect(loadConfig({ ...options, environment })).rejects.toMatchObject({
    code: 'configuration',
    hint: 'CREDENTIALS_DIRECTORY is for systemd to set: a command that is run by hand has to do without it.',
  });
});
