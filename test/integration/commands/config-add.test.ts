import { chmod, chown, mkdir, readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { readEnvFile } from '../../../src/config/env-file.ts';
import { runAgent } from '../../helpers/agent.ts';
import { createTestRepository } from '../../helpers/borg.ts';
import { createTestDatabase, type TestDatabase } from '../../helpers/database.ts';
import { emptyStorage } from '../../helpers/empty-storage.ts';
import { startStorageServer } from '../../helpers/storage-server/server.ts';
import { createTemporaryDirectory } from '../../helpers/temporary-directory.ts';
import { runOnTerminalHere } from '../../helpers/terminal-here.ts';

/** Without the password, which no argument may hold. */
function urlOf({ config: { user, host, port }, name }: TestDatabase): string {
  return `postgresql://${user}@${host}:${port}/${name}?sslmode=disable`;
}

interface AddDocument {
  readonly status: string;
  readonly file: string;
  readonly written: boolean;
  readonly kept: string | null;
  readonly checks: readonly { readonly check: string; readonly state: string; readonly detail: string }[];
  readonly variables: readonly { readonly name: string; readonly value: string; readonly source: string }[];
  readonly next: readonly string[];
}

const daemon = 1;

test('takes options, tries them, and writes a file that the other commands work with', async () => {
  const database = await createTestDatabase({ template: 'supabase' });
  await database.query(emptyStorage);
  const storage = await startStorageServer({ database: database.config });
  const { location } = await createTestRepository();
  const directory = await createTemporaryDirectory();
  const password = database.config.password!.reveal();
  const projects = join(directory, 'projects');
  const add = (name: string, args: readonly string[], input = password) =>
    runAgent(['config', 'add', name, '--projects-directory', projects, ...args], { input, env: { BORG_REPO: location } });
  const given = ['--db-url', urlOf(database), '--db-password-file', '-', '--set', `STATE_DIR=${join(directory, 'state')}`];

  const dry = await add('shop', [...given, '--make-passphrase', '--dry-run']);
  expect(dry).toMatchObject({ exitCode: 0, stderr: '' });
  expect(dry.stdout).toMatch(/SUPABASE_DB_PASSWORD +\*\*\* +option\n/);
  expect(dry.stdout).toContain('Nothing was written (--dry-run).');
  await expect(readdir(projects)).rejects.toThrow();

  const wrong = await add('shop', [...given, '--make-passphrase', '--json'], 'not this one');
  expect(wrong.exitCode).toBe(1);
  expect(wrong.json<AddDocument>()).toMatchObject({ status: 'failed', written: false });
  expect(wrong.json<AddDocument>().checks).toContainEqual(expect.objectContaining({ check: 'database', state: 'failed' }));
  await expect(readdir(projects)).rejects.toThrow();

  const made = await add('shop', [...given, '--make-passphrase', '--json']);
  expect(made).toMatchObject({ exitCode: 0, stderr: '' });
  const document = made.json<AddDocument>();
  expect(document).toMatchObject({ schemaVersion: 1, command: 'config add', written: true, passphraseMade: true });
  expect(document.variables).toContainEqual({ name: 'BORG_PASSPHRASE', value: '***', source: 'made' });
  expect(document.variables).toContainEqual({ name: 'BORG_REPO', value: location, source: 'environment' });
  expect((await stat(document.file)).mode & 0o777).toBe(0o600);
  expect(await readdir(projects)).toEqual(['shop.env']);
  const text = await readFile(document.file, 'utf8');
  const passphrase = /BORG_PASSPHRASE=(\S{40,})/.exec(text)![1]!;
  expect(text).toContain(password);
  expect(dry.stdout + wrong.stdout + made.stdout).not.toContain(password);
  expect(made.stdout).not.toContain(passphrase);

  const project = ['--projects-directory', projects, '--project', 'shop'];
  expect(await runAgent(['init', ...project])).toMatchObject({ exitCode: 0, stderr: '' });

  // The repository is there now, and another passphrase does not open it: the file that works stays.
  const again = await add('shop', [...given, '--make-passphrase', '--json']);
  expect(again).toMatchObject({ exitCode: 2 });
  expect(again.json()).toMatchObject({ error: { code: 'usage' } });
  const replaced = await add('shop', [...given, '--make-passphrase', '--json', '--replace']);
  expect(replaced.exitCode).toBe(1);
  expect(replaced.json<AddDocument>().checks).toContainEqual(
    expect.objectContaining({ check: 'repository', state: 'failed', detail: expect.stringContaining('passphrase') as string }),
  );
  expect(await readFile(document.file, 'utf8')).toBe(text);

  const passphraseFile = join(directory, 'passphrase');
  await writeFile(passphraseFile, `${passphrase}\n`, { mode: 0o600 });
  const keyFile = join(directory, 'key');
  await writeFile(keyFile, storage.serviceKey, { mode: 0o600 });
  const better = [
    '--service-role-key-file',
    keyFile,
    '--supabase-url',
    storage.url,
    '--passphrase-file',
    passphraseFile,
    '--set',
    'PROJECT_NAME=web',
    '--replace',
    '--json',
  ];
  const last = await add('shop', [...given.slice(0, -2), ...better]);
  expect(last.stderr).toContain('Warning: the old file sets STATE_DIR, which the new one does not');
  expect(last.stderr).toContain('Warning: PROJECT_NAME was shop');
  expect(last.json<AddDocument>().checks).toContainEqual(expect.objectContaining({ check: 'storage', state: 'ok' }));
  expect(last.stdout).not.toContain(storage.serviceKey);
  expect(last.json<AddDocument>()).toMatchObject({ written: true, kept: `${document.file}.old` });
  expect(last.json<AddDocument>().next).not.toContainEqual(expect.stringMatching(/agent init \S+ \S+$/));
  expect(await readFile(`${document.file}.old`, 'utf8')).toBe(text);
});

test('says what is missing or does not go, and writes nothing', async () => {
  const projects = await createTemporaryDirectory();
  const add = async (...args: string[]) => {
    const ended = await runAgent(['config', 'add', '--projects-directory', projects, ...args]);
    expect(ended).toMatchObject({ exitCode: 2, stdout: '' });
    return ended.stderr;
  };
  const nothing = await add('shop');
  for (const name of ['SUPABASE_DB_URL', 'BORG_REPO', 'BORG_PASSPHRASE']) expect(nothing).toContain(`${name} is missing`);
  expect(await add('shop', '--db-url', 'postgresql://me:canary-1@host/db')).toMatch(
    /^Error: --db-url holds a password(?!.*canary)/,
  );
  expect(await add('shop', '--set', 'BORG_PASSPHRASE=canary-2')).not.toContain('canary');
  expect(await add('shop', '--set', 'RETENTION_DAY=3')).toContain('names no variable');
  expect(await add('../shop')).toContain('is not the name of a project');
  expect(await add('shop', '--passphrase-file', '-', '--db-password-file', '-')).toContain('only one of the secrets');
  expect(await readdir(projects)).toEqual([]);
});

test('asks at a terminal, without showing secrets, again where an answer will not do', async () => {
  const database = await createTestDatabase();
  const { location } = await createTestRepository();
  const projects = join(await createTemporaryDirectory(), 'projects');
  await mkdir(projects);
  await chmod(projects, 0o700);
  const password = database.config.password!.reveal();
  const terminal = runOnTerminalHere(['config', 'add', 'shop', '--projects-directory', projects]);
  const dialogue: [string, string][] = [
    ['Database: ', 'nonsense'],
    ['is not the reference of a project', urlOf(database).replace('@', ':[YOUR-PASSWORD]@')],
    ['Password of the database user: ', 'canary-wrong'],
    ['(empty: without them): ', ''],
    ['ssh://USER@HOST/PATH', 'relative/path'],
    ['BORG_REPO is a relative path', location],
    ['a new one is made): ', 'canary-passphrase'],
    ['Once more: ', 'canary-passphrasf'],
    ['two different ones', ''],
    ['Correct the answers?', 'yes'],
    [`[${urlOf(database)}]: `, ''],
    ['Password of the database user [as before]: ', password],
    ['(empty: without them): ', ''],
    [`[${location}]: `, ''],
    ['(empty: the new one): ', ''],
  ];
  const asked = new Map<string, number>();
  for (const [question, answer] of dialogue) {
    asked.set(question, (asked.get(question) ?? 0) + 1);
    await terminal.waitFor(question, asked.get(question));
    terminal.type(`${answer}\n`);
  }
  const { exitCode, shown } = await terminal.finished;
  expect(shown).toContain('shop.env is written, readable by its owner alone (0600).');
  expect(shown).toContain('This does not work: database');
  expect(shown).toContain('A new passphrase was made.');
  expect(shown).not.toContain('canary');
  expect(shown).not.toContain(password);
  expect(exitCode).toBe(0);
  expect((await readEnvFile(join(projects, 'shop.env')))!.values['SUPABASE_DB_PASSWORD']).toBe(password);
});

test('Ctrl-C at a question ends it, and nothing is written', async () => {
  const projects = await createTemporaryDirectory();
  const terminal = runOnTerminalHere(['config', 'add', 'shop', '--projects-directory', projects]);
  await terminal.waitFor('Database: ');
  terminal.type('\u0003');
  const { exitCode, shown } = await terminal.finished;
  expect(shown).toContain('Interrupted. Nothing was changed.');
  expect(exitCode).toBe(130);
  expect(await readdir(projects)).toEqual([]);
});

/** As scripts/install makes it, with a group and a user that every Debian has. */
test.skipIf(process.getuid?.() !== 0)('root writes for the user of the service, and tries it as that user', async () => {
  const database = await createTestDatabase();
  const directory = await createTemporaryDirectory();
  const projects = join(directory, 'projects');
  const repositories = join(directory, 'repositories');
  await mkdir(projects);
  await chown(projects, 0, daemon);
  await chmod(projects, 0o750);
  await mkdir(repositories);
  await chmod(repositories, 0o755);
  await chmod(directory, 0o711);
  const place = ['--projects-directory', projects, '--repository', join(repositories, 'shop'), '--make-passphrase'];
  const url = ['--db-url', urlOf(database), '--db-password-file', '-'];
  const add = () =>
    runAgent(['config', 'add', 'shop', ...place, ...url, '--json'], { input: database.config.password!.reveal() });

  expect((await add()).json<AddDocument>().checks).toContainEqual(
    expect.objectContaining({
      state: 'failed',
      detail: expect.stringContaining(`daemon may not write to ${repositories}`) as string,
    }),
  );
  await chown(repositories, daemon, daemon);
  const { file } = (await add()).json<AddDocument>();
  const { mode, uid, gid } = await stat(file);
  expect([mode & 0o777, uid, gid]).toEqual([0o640, 0, daemon]);
});
