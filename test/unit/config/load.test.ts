import { chmod, mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeEach, describe, expect, test } from 'vitest';
import { loadConfig, type LoadedConfig } from '../../../src/config/load.ts';
import type { LoadOptions } from '../../../src/config/open.ts';
import { AppError } from '../../../src/errors.ts';
import { createTemporaryDirectory } from '../../helpers/temporary-directory.ts';

const minimal = {
  PROJECT_NAME: 'shop',
  SUPABASE_DB_URL: 'postgresql://me:hunter2@db.example.com/app',
  BORG_REPO: '/srv/backups/shop',
  BORG_PASSPHRASE: 'hunter2',
};

let directory: string;

beforeEach(async () => void (directory = await createTemporaryDirectory()));

async function writeEnv(values: Record<string, string>, path = join(directory, '.env'), mode = 0o600): Promise<string> {
  const lines = Object.entries(values).map(([name, value]) => `${name}='${value}'\n`);
  await writeFile(path, lines.join(''), { mode });
  await chmod(path, mode);
  return path;
}

async function load(options: Partial<LoadOptions> = {}): Promise<LoadedConfig> {
  return loadConfig({
    environment: {},
    workingDirectory: directory,
    homeDirectory: '/home/me',
    isRoot: false,
    projectsDirectory: join(directory, 'etc'),
    ...options,
  });
}

/** Writes an env file and loads it. */
async function loadWith(values: Record<string, string>, options: Partial<LoadOptions> = {}): Promise<LoadedConfig> {
  await writeEnv(values);
  return load(options);
}

async function errorOf(promise: Promise<unknown>): Promise<AppError> {
  const error = await promise.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(AppError);
  const { message, hint, cause } = error as AppError;
  expect(JSON.stringify([message, hint, cause])).not.toContain('hunter2');
  return error as AppError;
}

/** What is said of each variable. */
async function problemsOf(values: Record<string, string>, options: Partial<LoadOptions> = {}): Promise<string[]> {
  const error = await errorOf(loadWith(values, options));
  expect(error).toMatchObject({
    code: 'configuration',
    exitCode: 2,
    hint: 'Correct these lines; every variable is described in .env.example.',
  });
  const [head, ...lines] = error.message.split('\n');
  expect(head).toBe(`The configuration (${join(directory, '.env')}) cannot be used. Nothing was started.`);
  return lines.map((line) => line.trim());
}

test('the least that is needed', async () => {
  const { config, warnings } = await loadWith(minimal);
  expect(warnings).toEqual([]);
  expect(config).toMatchObject({
    project: 'shop',
    envFile: join(directory, '.env'),
    database: {
      host: 'db.example.com',
      port: 5432,
      user: 'me',
      database: 'app',
      password: expect.anything() as unknown,
      sslMode: 'prefer',
      sslRootCertificate: undefined,
    },
    storage: undefined,
    storageRetries: 5,
    repository: {
      location: '/srv/backups/shop',
      passphrase: expect.anything() as unknown,
      remoteShell: undefined,
      remotePath: undefined,
      lockWaitMs: 30_000,
    },
    retention: { days: 21, minimumBackups: 3, daily: 0, weekly: 0, monthly: 0 },
    schedule: expect.anything() as unknown,
    verifyContent: false,
    migrationDrift: 'auto',
    stateDirectory: '/home/me/.local/state/supabase-backup',
    postgresBinDirectory: undefined,
    restoreAllowed: false,
    logs: { file: undefined, format: 'auto' },
  });
  expect(`${config.database?.password?.reveal()} ${config.repository.passphrase.reveal()}`).toBe('hunter2 hunter2');
  expect(JSON.stringify(config)).not.toContain('hunter2');
});

test('everything that can be set', async () => {
  const { config } = await loadWith({
    ...minimal,
    BORG_REPO: 'backup@nas:shop',
    BORG_RSH: 'ssh -i key',
    BORG_REMOTE_PATH: 'borg1',
    RETENTION_DAYS: '7',
    RETENTION_MIN_BACKUPS: '5',
    RETENTION_DAILY: '1',
    RETENTION_WEEKLY: '2',
    RETENTION_MONTHLY: '3',
    VERIFY_CONTENT: 'true',
    MIGRATION_DRIFT: 'off',
    STATE_DIR: 'state',
    PG_BIN_DIR: '/usr/lib/postgresql/17/bin',
    RESTORE_ALLOWED: 'true',
  });
  expect(config).toMatchObject({
    repository: { location: 'ssh://backup@nas/./shop', remoteShell: 'ssh -i key', remotePath: 'borg1' },
    retention: { days: 7, minimumBackups: 5, daily: 1, weekly: 2, monthly: 3 },
    verifyContent: true,
    migrationDrift: 'off',
    stateDirectory: join(directory, 'state'),
    postgresBinDirectory: '/usr/lib/postgresql/17/bin',
    restoreAllowed: true,
  });
});

describe('the state directory', () => {
  test.each([
    [{ isRoot: true }, '/var/lib/supabase-backup'],
    [{ isRoot: true, environment: { XDG_STATE_HOME: '/state' } }, '/var/lib/supabase-backup'],
    [{ environment: { XDG_STATE_HOME: '/state' } }, '/state/supabase-backup'],
    [{ environment: { XDG_STATE_HOME: 'state' } }, '/home/me/.local/state/supabase-backup'],
    [{ environment: { XDG_STATE_HOME: '' } }, '/home/me/.local/state/supabase-backup'],
  ])('%j: %s', async (options, stateDirectory) => {
    expect((await loadWith(minimal, options)).config.stateDirectory).toBe(stateDirectory);
  });
});

describe('what is wrong is told at once, a line for each variable', () => {
  test('an empty file', async () => {
    expect(await problemsOf({ STATE_DIR: '/x' })).toEqual([
      'PROJECT_NAME is missing.',
      'SUPABASE_DB_URL is missing: set it, or SUPABASE_PROJECT_REF and SUPABASE_DB_PASSWORD instead.',
      'BORG_REPO is missing.',
      'BORG_PASSPHRASE is missing.',
    ]);
  });

  test('every kind of mistake', async () => {
    const problems = await problemsOf({
      PROJECT_NAME: 'my shop',
      SUPABASE_DB_URL: 'postgresql://me:hunter2@db.example.com:6543/app',
      SUPABASE_PROJECT_REF: 'https://abc.supabase.co',
      SUPABASE_DB_HOST: 'pooler.example.com:6543',
      BORG_REPO: 'backups',
      BORG_PASSPHRASE_FILE: '/no/such/file',
      RETENTION_DAYS: '0',
      RETENTION_MIN_BACKUPS: '-1',
      RETENTION_DAILY: '1.5',
      RESTORE_ALLOWED: 'yes',
    });
    expect(problems.map((line) => line.slice(0, 60))).toEqual([
      'PROJECT_NAME has to begin with a letter or digit and to go o',
      'SUPABASE_DB_URL names the transaction pooler (port 6543), wh',
      'SUPABASE_PROJECT_REF is not the reference of a project: take',
      'SUPABASE_DB_HOST has to be the name of a host alone, without',
      'BORG_REPO is a relative path; write it in full, from the / o',
      'BORG_PASSPHRASE cannot be had from BORG_PASSPHRASE_FILE: the',
      'RETENTION_DAYS has to be at least 1.',
      'RETENTION_MIN_BACKUPS has to be a whole number.',
      'RETENTION_DAILY has to be a whole number.',
      'RESTORE_ALLOWED has to be true or false.',
    ]);
  });

  test('a slip of the pen', async () => {
    const { BORG_REPO: repository, ...rest } = minimal;
    expect(await problemsOf({ ...rest, BORG_RPEO: repository })).toEqual([
      'BORG_REPO is missing.',
      'Besides: BORG_RPEO is not a variable of this program: did you mean BORG_REPO?',
    ]);
  });

  test('a value that would be cut short', async () => {
    await writeEnv(minimal);
    await writeFile(join(directory, '.env'), 'BORG_PASSPHRASE=hunter2#x\n', { flag: 'a' });
    expect((await errorOf(load())).message).toContain('BORG_PASSPHRASE holds a #, which begins a comment');
  });
});

describe('which file', () => {
  test('--env-file', async () => {
    await writeEnv({ ...minimal, PROJECT_NAME: 'other' }, join(directory, 'other.env'));
    const { config } = await loadWith(minimal, { envFile: 'other.env' });
    expect(config).toMatchObject({ project: 'other', envFile: join(directory, 'other.env') });
  });

  test('--project, in which the environment does not count', async () => {
    await mkdir(join(directory, 'etc'));
    await writeEnv({ ...minimal, PROJECT_NAME: 'other' }, join(directory, 'etc/other.env'));
    const { config, warnings } = await load({ project: 'other', environment: { PROJECT_NAME: 'shop', RETENTION_DAYS: '1' } });
    expect(config).toMatchObject({ project: 'other', retention: { days: 21 } });
    expect(warnings).toEqual([]);
  });

  test('none: the variables of the environment are enough', async () => {
    const { config } = await load({ environment: minimal });
    expect(config).toMatchObject({ project: 'shop', envFile: undefined });
  });

  test('a file that every user can read is warned of', async () => {
    const path = await writeEnv(minimal, undefined, 0o644);
    expect((await load()).warnings).toEqual([`${path} can be read by every user of this machine: chmod 600 ${path}`]);
  });

  test('neither file nor variables: the three ways are named', async () => {
    const error = await errorOf(load({ environment: { PATH: '/bin' } }));
    expect(error.message).toBe(`There is no configuration: no .env in ${directory}, and no variables. Nothing was started.`);
    expect(error.hint).toMatch(/\.env in the working directory.*--env-file PATH.*--project NAME/);
  });

  test.each([
    [{ envFile: 'no.env' }, 'configuration'],
    [{ project: 'no' }, 'configuration'],
    [{ project: '../.env' }, 'usage'],
    [{ project: 'shop', envFile: '.env' }, 'usage'],
  ])('%j is refused', async (options, code) => {
    expect(await errorOf(loadWith(minimal, options))).toMatchObject({ code, exitCode: 2 });
  });
});

describe('the environment counts before the file', () => {
  test('and says so', async () => {
    const { config, warnings } = await loadWith(minimal, {
      environment: { PROJECT_NAME: 'other', BORG_REPO: minimal.BORG_REPO },
    });
    expect(config.project).toBe('other');
    expect(warnings).toEqual(['PROJECT_NAME is set in the environment too, which counts before the env file']);
  });

  test('also for the forms of a secret', async () => {
    await writeFile(join(directory, 'secret'), 'from-file\n', { mode: 0o600 });
    const { config, warnings } = await loadWith(minimal, { environment: { BORG_PASSPHRASE_FILE: 'secret' } });
    expect(config.repository.passphrase.reveal()).toBe('from-file');
    expect(warnings).toEqual(['BORG_PASSPHRASE is set in the environment too, which counts before the env file']);
  });

  test('but not when a variable is there and empty', async () => {
    expect((await loadWith(minimal, { environment: { PROJECT_NAME: '' } })).config.project).toBe('shop');
  });
});

describe('secrets', () => {
  const { BORG_PASSPHRASE: _passphrase, ...rest } = minimal;

  test('from a file beside the env file', async () => {
    await mkdir(join(directory, 'etc'));
    await writeFile(join(directory, 'etc/secret'), '#$\'"\n', { mode: 0o600 });
    await writeEnv({ ...rest, BORG_PASSPHRASE_FILE: 'secret' }, join(directory, 'etc/shop.env'));
    expect((await load({ project: 'shop' })).config.repository.passphrase.reveal()).toBe('#$\'"');
  });

  test('from a command, which gets the environment but no secret of it', async () => {
    const { config } = await loadWith(
      { ...rest, BORG_PASSPHRASE_COMMAND: 'echo "$GREETING [$SUPABASE_DB_PASSWORD]"' },
      { environment: { PATH: process.env['PATH'], GREETING: 'hello', SUPABASE_DB_PASSWORD: 'hunter2' } },
    );
    expect(config.repository.passphrase.reveal()).toBe('hello []');
  });

  test('from a command that fails', async () => {
    expect(await problemsOf({ ...rest, BORG_PASSPHRASE_COMMAND: 'echo hunter2; exit 4' })).toEqual([
      'BORG_PASSPHRASE cannot be had from BORG_PASSPHRASE_COMMAND: the command failed (exit code 4); try it in a shell.',
    ]);
  });

  test('only once', async () => {
    expect(await problemsOf({ ...minimal, BORG_PASSPHRASE_COMMAND: 'touch ran' })).toEqual([
      'BORG_PASSPHRASE is set twice, as BORG_PASSPHRASE and BORG_PASSPHRASE_COMMAND: keep one of them.',
    ]);
  });

  test('of the test target are neither fetched nor in the way of a backup', async () => {
    const { warnings } = await loadWith({
      ...minimal,
      TEST_SUPABASE_DB_PASSWORD_COMMAND: 'exit 1',
      TEST_SUPABASE_DB_URL: 'x',
      TEST_SUPABASE_DB_URL_FILE: 'y',
    });
    expect(warnings).toEqual([
      'TEST_SUPABASE_DB_URL is set twice, as TEST_SUPABASE_DB_URL and TEST_SUPABASE_DB_URL_FILE: keep one of them',
    ]);
  });
});
