import { chmod, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { execa } from 'execa';
import { expect, test } from 'vitest';
import { variableList } from '../../src/config/variables.ts';
import type { AgentResult } from '../helpers/agent.ts';
import { createEnds, faultRounds, recordFaults } from '../helpers/faults.ts';
import { createSecretScene, type SecretScene } from '../helpers/secret-scene.ts';
import { expectNowhereBelow, findCanaries, runWatched, type Canaries } from '../helpers/secret-watch.ts';
import { createTemporaryDirectory } from '../helpers/temporary-directory.ts';

/** What is run, with which env file, and how it has to end. */
interface Run {
  readonly args: string;
  readonly env?: 'urls' | 'passwords';
  readonly exitCode?: number;
  /** For the whole suite alone. */
  readonly isLong?: true;
}

const restore = 'restore latest --to test --confirm shop-test --clean --json';

const runs: readonly Run[] = [
  { args: 'init' },
  { args: 'backup --json' },
  { args: 'backup', env: 'passwords', isLong: true },
  { args: 'verify --data --json', env: 'passwords' },
  { args: `${restore} --no-safety-backup`, env: 'passwords' },
  { args: restore, isLong: true },
  { args: 'compare latest --to test --json', isLong: true },
  { args: 'drill --json' },
  { args: 'prune --json' },
  { args: 'doctor --json' },
  { args: 'doctor', env: 'passwords', isLong: true },
  { args: 'estimate --json', isLong: true },
  { args: 'config show' },
  { args: 'config show --json', env: 'passwords' },
  { args: 'config validate --notify' },
  { args: 'notify-test', isLong: true },
  { args: 'status --json' },
  { args: 'metrics' },
  { args: 'show latest --json' },
  { args: 'list', isLong: true },
  { args: 'logs --json' },
];

/** What goes wrong, with env files that differ in one variable; each value is a canary, too. */
const failures = [
  {
    args: 'backup --json',
    wrong: 'SUPABASE_DB_URL',
    value: 'postgresql://postgres:canary-wrong@HOST/postgres?sslmode=disable',
    exitCode: 20,
  },
  {
    args: 'backup',
    wrong: 'SUPABASE_DB_URL',
    value: 'postgresql://me:canary-wrong@127.0.0.1:1/postgres?sslmode=disable',
    exitCode: 20,
  },
  { args: 'list --json', wrong: 'BORG_PASSPHRASE', value: 'canary-wrong', exitCode: 12 },
  {
    args: restore,
    wrong: 'TEST_SUPABASE_DB_URL',
    value: 'postgresql://postgres:canary-wrong@HOST/postgres?sslmode=disable',
    exitCode: 20,
  },
  { args: 'backup --only storage', wrong: 'SUPABASE_SERVICE_ROLE_KEY', value: 'sb_secret_canary-wrong', exitCode: 3 },
  { args: 'config validate', wrong: 'SUPABASE_SERVICE_ROLE_KEY', value: 'canary-wrong', exitCode: 2 },
  { args: 'config validate', wrong: 'NOTIFY_SMTP_URL', value: 'canary-wrong', exitCode: 2 },
] as const;

const isWhole = faultRounds(0, 1) === 1;

test(
  'no secret is in a command line, an environment, a file, an archive, an alert, or anything that is printed',
  { timeout: 1_800_000 },
  async () => {
    const { ends, count } = createEnds();
    const scene = await createSecretScene();
    const { directory, canaries, envFiles, storage } = scene;
    expect(Object.keys(canaries).toSorted()).toEqual(
      variableList.flatMap(({ name, secret }) => (secret === true ? [name] : [])).toSorted(),
    );
    const given = `${await readFile(envFiles.urls, 'utf8')}${await readFile(envFiles.passwords, 'utf8')}`;
    expect(findCanaries(given, canaries)).toEqual(Object.keys(canaries));
    for (const name of ['one', 'two', 'three']) await storage.putObject('docs', name, name);
    storage.faults.add({ name: /one/, times: 1, effect: { kind: 'reset', afterBytes: 1 } });
    storage.faults.add({ name: /two/, times: 1, effect: { kind: 'html' } });

    const temporary = await createTemporaryDirectory();
    // The scratch server of a drill runs as somebody else.
    await chmod(temporary, 0o755);
    const directories = [temporary, join(directory, 'state/shop/run')];
    const passwords = ['SUPABASE_DB_URL', 'SUPABASE_DB_PASSWORD', 'TEST_SUPABASE_DB_URL', 'TEST_SUPABASE_DB_PASSWORD'];
    const run = async (args: string, envFile: string, all: Canaries): Promise<AgentResult> => {
      const options = ['--env-file', envFile, '--log-level', 'debug'];
      const result = await runWatched([...args.split(' '), ...options], {
        directories,
        canaries: all,
        passwords: [...passwords, 'wrong'],
      });
      expect(result.found, args).toEqual([]);
      count('no secret anywhere');
      return result;
    };
    const wanted = runs.filter(({ isLong }) => isWhole || isLong !== true);
    for (const { args, env = 'urls', exitCode = 0 } of wanted) {
      const result = await run(args, envFiles[env], canaries);
      expect(result.exitCode, `${args}\n${result.stdout}${result.stderr}`).toBe(exitCode);
    }
    // Whoever looks like this does find what is there: in a command line, in what children are given, and in what is printed.
    const control = { directories, canaries: { one: '--lock-wait', two: 'PROJECT_NAME' }, passwords: [] };
    const { found } = await runWatched(['list', '--env-file', envFiles.urls], control);
    expect(found).toEqual(expect.arrayContaining(['one in cmdline of borg', 'one in what a child was given']));
    const shown = await runWatched(['config', 'show', '--env-file', envFiles.urls], control);
    expect(shown.found).toEqual(['two in what was printed']);

    const all = { ...canaries, wrong: 'canary-wrong' };
    // What is in the mirror needs no key.
    await storage.putObject('docs', 'four', 'four');
    const host = /@(127\.0\.0\.1:\d+)\//.exec(given)![1]!;
    for (const [index, { args, wrong, value, exitCode }] of failures.entries()) {
      const envFile = await scene.change(`wrong-${index}.env`, { [wrong]: value.replace('HOST', host) });
      const result = await run(args, envFile, all);
      expect(result.exitCode, `${args} with a wrong ${wrong}\n${result.stdout}${result.stderr}`).toBe(exitCode);
    }

    for (const place of [temporary, join(directory, 'state'), join(directory, 'log'), join(directory, 'shop.prom')])
      await expectNowhereBelow(place, all);
    expect(await readFile(join(directory, 'log/agent.log'), 'utf8')).toContain('"event":"success"');
    expect(scene.bodies().length).toBeGreaterThan(10);
    expect(findCanaries(scene.bodies().join('\n'), all)).toEqual([]);
    await expectInNoArchive(scene, all);
    const rounds = wanted.length + failures.length;
    recordFaults({ group: 'secrets', fault: `a run with ${Object.keys(canaries).length} canaries, watched`, rounds, ends });
  },
);

async function expectInNoArchive({ repository }: SecretScene, canaries: Canaries): Promise<void> {
  const env = { ...repository.environment, BORG_PASSPHRASE: repository.passphrase };
  const { stdout } = await execa('borg', ['list', '--short'], { env, extendEnv: false });
  const directory = await createTemporaryDirectory();
  const names = stdout.split('\n');
  expect(names.length).toBeGreaterThan(1);
  for (const name of names) {
    await execa('borg', ['export-tar', `::${name}`, join(directory, `${name}.tar`)], { env, extendEnv: false });
  }
  await expectNowhereBelow(directory, canaries);
}
