import { expect, test } from 'vitest';
import { contentSettings } from '../../../src/catalog/content-settings.ts';
import { runAgent } from '../../helpers/agent.ts';
import { createTestDatabase } from '../../helpers/database.ts';
import { loadHostileSource, startPlatformCluster, type PlatformCluster } from '../../helpers/platform.ts';
import type { TestProject } from '../../helpers/project.ts';
import {
  createBackedUpProject,
  expectComplete,
  expectRefused,
  listLost,
  restore,
  restorePart,
  type RestoreDocument,
} from '../../helpers/restoring.ts';
import { dumpText } from '../../helpers/scenario.ts';
import { startTestCluster } from '../../helpers/test-cluster.ts';

/** As it is written on a command line, and in SQL. */
const oddTable = `"Odd ""schema"" – Données"."Odd ""table""; -- with\ntwo lines 🐘 'ünïcode' \\ %s"`;

interface HostedPair {
  readonly source: PlatformCluster;
  readonly target: PlatformCluster;
  readonly project: TestProject;
}

async function backUpHostile(): Promise<HostedPair> {
  const source = await startPlatformCluster();
  await loadHostileSource(source, { superuserPart: false });
  const target = await startPlatformCluster();
  const { project } = await createBackedUpProject(source.postgres, target.postgres);
  return { source, target, project };
}

async function expectSameRows({ source, target }: HostedPair, ...tables: readonly string[]): Promise<void> {
  for (const table of tables) {
    const query = `${contentSettings}; SELECT t::text AS row FROM ${table} t ORDER BY 1`;
    const expected = await source.administrator.query(query);
    expect(expected).not.toEqual([]);
    expect(await target.administrator.query(query)).toEqual(expected);
  }
}

test('tables come with what they need, and with nothing else', async () => {
  const pair = await backUpHostile();
  const { source, target, project } = pair;
  const before = await dumpText(target.administrator);
  expectRefused(
    await restore(project, 'latest', '--table', 'public.event_notes', '--table', 'public.people'),
    'The restore is not possible: ' +
      'fk constraint event_notes event_notes_event_id_at_kind_fkey in schema public needs table events in schema public, which is neither on the target nor asked for; ' +
      'fk constraint people best; team in schema public needs table teams in schema public, which is neither on the target nor asked for. ' +
      'Nothing was touched.',
  );
  expectRefused(
    await restore(project, 'latest', '--table', 'public.Events', '--table', '"public"."a.b"', '--schema', 'nix'),
    'The restore is not possible: schema nix is not in the backup; table public.Events is not in the backup; table public.a.b is not in the backup. Nothing was touched.',
  );
  const planned = await runAgent([
    'restore',
    'latest',
    '--to',
    'test',
    '--dry-run',
    '--table',
    'public.numbered',
    '--env-file',
    project.envFile,
  ]);
  expect(planned).toMatchObject({ exitCode: 0, stderr: '' });
  expect(planned.stdout).toContain('nothing was touched (dry run)');
  expect(planned.stdout).toContain('restore 1 tables with 3 rows and 0 large objects');
  expect(await dumpText(target.administrator)).toBe(before);

  // Partitions in three schemas, with an identity, a trigger's function, and a schema that the target lacks.
  const events = await restorePart(project, '--table', 'public.events');
  expectComplete(events);
  expect(events.document.plan.created).toMatchObject({ schema: 1, table: 8, 'table attach': 7, function: 1, sequence: 1 });
  await expectSameRows(pair, 'public.events', '"a.b; -- $$"."events rest"', 'public.events_later');
  // Sequences that are owned, and others that only a default draws from, as far as they had come.
  const others = await restorePart(project, '--table', 'public.numbered', '--table', oddTable, '--table', 'public.event_notes');
  expectComplete(others);
  await expectSameRows(pair, 'public.numbered', oddTable, 'public.event_notes');
  const sequences = `SELECT sequencename AS name, last_value FROM pg_sequences ORDER BY 1`;
  const found = await target.postgres.query<{ name: string }>(sequences);
  const wanted = await source.postgres.query<{ name: string }>(sequences);
  const names = ['Named; by default', 'Odd "seq"; --', 'called', 'numbered_always_seq', 'numbered_owner_of_another_seq'];
  expect(found.filter(({ name }) => names.includes(name))).toEqual(wanted.filter(({ name }) => names.includes(name)));
  expect(found.filter(({ name }) => names.includes(name))).toHaveLength(names.length);
  const relations = await target.administrator.query<{ name: string }>(`SELECT c.oid::regclass::text AS name FROM pg_class c
    WHERE relkind IN ('r', 'v', 'm') AND (relnamespace = 'public'::regnamespace OR relnamespace = to_regnamespace('"a.b; -- $$"')) ORDER BY 1`);
  expect(relations.map(({ name }) => name)).toEqual([
    '"a.b; -- $$"."events rest 0"',
    '"a.b; -- $$"."events rest 1"',
    'event_notes',
    'events_2025',
    'events_2026_a',
    'events_later',
    'numbered',
  ]);
  // Of the roles only those that own something there, or may do something.
  const roles = await target.administrator.query<{ name: string }>(
    "SELECT rolname AS name FROM pg_roles WHERE rolname ILIKE 'app%' ORDER BY 1",
  );
  expect(roles.map(({ name }) => name)).toEqual(['app "writer" çalışan; --', 'app_owner', 'app_reader']);
});

test('components come one by one, or several at once, until everything is there', async () => {
  const pair = await backUpHostile();
  const { source, target, project } = pair;
  expectComplete(await restorePart(project, '--only', 'roles'));
  const roles = `SELECT rolname, rolcanlogin, rolconnlimit, extract(epoch FROM rolvaliduntil) AS until, rolconfig, shobj_description(oid, 'pg_authid') AS comment,
    ARRAY(SELECT roleid::regrole::text || admin_option FROM pg_auth_members WHERE member = r.oid ORDER BY 1) AS member_of FROM pg_roles r WHERE rolname ~* '^app' OR rolname = 'authenticated' ORDER BY 1`;
  expect(await target.administrator.query(roles)).toEqual(await source.administrator.query(roles));
  expectComplete(await restorePart(project, '--only', 'history'));
  await expectSameRows(pair, 'supabase_migrations.schema_migrations', 'supabase_migrations.seed_files');

  const auth = await restorePart(project, '--only', 'auth, storage');
  expectComplete(auth);
  await expectSameRows(
    pair,
    'auth.users',
    'auth.identities',
    'auth.sessions',
    'auth.refresh_tokens',
    'storage.buckets',
    'storage.objects',
  );
  const [user] = await target.administrator.query<{ hash: string }>(
    'SELECT encrypted_password AS hash FROM auth.users LIMIT 1',
  );
  expect(user!.hash).toMatch(/^\$2a\$10\$/);
  expectRefused(
    await restorePart(project, '--only', 'auth'),
    'The restore is not possible: there are rows already in auth.audit_log_entries, auth.identities, auth.one_time_tokens, auth.refresh_tokens, auth.sessions and 1 more: ' +
      'say --mode replace, or --mode append. Nothing was touched.',
  );
  await target.postgres.query(
    "UPDATE auth.users SET encrypted_password = 'forgotten'; INSERT INTO auth.users (id) VALUES (gen_random_uuid())",
  );
  expectComplete(await restorePart(project, '--only', 'auth', '--mode', 'replace'));
  await expectSameRows(pair, 'auth.users', 'auth.identities');

  expectComplete(await restorePart(project, '--only', 'schema,extensions'));
  expect(await target.administrator.query('SELECT FROM public.people')).toEqual([]);
  // Some rows broke constraints of which nobody has ever checked whether they hold.
  await target.postgres.query(
    'ALTER TABLE public.legacy DROP CONSTRAINT "positive; never checked"; ALTER TABLE public.legacy ALTER old TYPE integer',
  );
  const data = await restorePart(project, '--only', 'data');
  expect(data.document.error).toBeUndefined();
  expect(data).toMatchObject({ exitCode: 3, document: { status: 'incomplete', skipped: [] } });
  expect(data.document.plan.forbidden).toEqual([
    { what: 'rows of table secrets in schema vault', why: 'its 2 rows may not be inserted there' },
  ]);
  await expectSameRows(pair, 'public.people', 'public.members', 'app.notes', oddTable, 'public.names', 'pg_largeobject');
  expectComplete(await restorePart(project, '--only', 'privileges,settings,publications'));

  // What is missing now is named by a comparison with the whole: the secrets, and what was changed above.
  const compared = await runAgent(['compare', 'latest', '--to', 'test', '--json', '--env-file', project.envFile]);
  const document = compared.json<Pick<RestoreDocument, 'comparison'>>();
  expect(document.comparison!.differences).toEqual([{ what: 'table vault.secrets', expected: 2, found: 0 }]);
  expect(listLost(document)).toEqual([
    'column public.legacy.old',
    'table constraint "positive; never checked" on public.legacy',
    expect.stringMatching(/^vault secret [-0-9a-f]{36}$/),
    'vault secret stripe',
  ]);
  expect((await restorePart(project, '--only', 'users')).document.error).toMatchObject({ code: 'usage' });
});

test('parts of a backup go into a plain database as well', async () => {
  const source = await startPlatformCluster();
  await loadHostileSource(source);
  const { address } = await startTestCluster();
  const target = await createTestDatabase({ cluster: address });
  const { project } = await createBackedUpProject(source.administrator, target);
  const auth = await restorePart(project, '--only', 'auth');
  expect(auth.exitCode).toBe(2);
  expect(auth.document.error!.message).toContain(
    'rows of table users in schema auth needs table users in schema auth, which is neither on the target nor asked for',
  );
  expectComplete(await restorePart(project, '--table', 'owned_by_another.things', '--table', 'public.of_base'));
  expect(await target.query('SELECT * FROM owned_by_another.things ORDER BY id')).toEqual([
    { id: 1, thing: 'one' },
    { id: 2, thing: 'two' },
  ]);
  expectComplete(await restorePart(project, '--schema', 'two\nlines', '--schema', 'auth', '--schema', 'extensions'));
  expect(await target.query('SELECT count(*)::int AS users FROM auth.users WHERE encrypted_password IS NOT NULL')).toEqual([
    { users: 12 },
  ]);
});
