import { expect, test } from 'vitest';
import { runAgent, type AgentResult } from '../../helpers/agent.ts';
import { loadHostileSource, startPlatformCluster, type PlatformCluster } from '../../helpers/platform.ts';
import { compareStates, listPlatformState } from '../../helpers/platform-state.ts';
import { expectComplete, listLost, restore } from '../../helpers/restoring.ts';
import { archiveNames, createInitializedProject, dumpText } from '../../helpers/scenario.ts';
import { runOnTerminalHere } from '../../helpers/terminal-here.ts';

/** Little, under names that a hostile target has for other things. */
const shop = `
  CREATE TABLE public.people (id integer PRIMARY KEY, email text);
  INSERT INTO public.people VALUES (1, 'shop@example.org'), (2, NULL);
  CREATE VIEW public.teams AS SELECT id FROM public.people;
  CREATE SCHEMA app;
  CREATE TABLE app.notes (id bigint GENERATED ALWAYS AS IDENTITY, note text);
  INSERT INTO app.notes (note) VALUES ('of the shop');
  CREATE TYPE public.mood AS ENUM ('of the shop');
  CREATE FUNCTION public.handle_new_user() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';
  CREATE TRIGGER on_auth_user_created AFTER INSERT ON auth.users FOR EACH ROW EXECUTE FUNCTION public.handle_new_user();
  INSERT INTO auth.users (id, email) VALUES ('00000000-0000-4000-8000-000000000001', 'shop@example.org');
  INSERT INTO storage.buckets (id, name) VALUES ('avatars', 'of the shop');
  INSERT INTO storage.objects (bucket_id, name) VALUES ('avatars', 'shop.png');
  SELECT lo_from_bytea(900001, 'of the shop');
  CREATE PUBLICATION some_rows FOR TABLE app.notes;
  ALTER PUBLICATION supabase_realtime ADD TABLE public.people;`;

/** Everything of the user's that a server has: by kind and name. */
async function listUserObjects(cluster: PlatformCluster): Promise<string[]> {
  const rows = await cluster.administrator.query<{ line: string }>(`
    WITH schemas AS (SELECT oid FROM pg_namespace WHERE nspname !~ '^(pg_.*|information_schema|auth|storage|realtime|vault|supabase_functions|graphql_public|pgbouncer|extensions|cron)$')
    SELECT 'relation ' || oid::regclass AS line FROM pg_class WHERE relnamespace IN (SELECT oid FROM schemas)
    UNION ALL SELECT 'function ' || oid::regprocedure FROM pg_proc WHERE pronamespace IN (SELECT oid FROM schemas)
    UNION ALL SELECT 'type ' || oid::regtype FROM pg_type WHERE typnamespace IN (SELECT oid FROM schemas)
    UNION ALL SELECT 'operator ' || oid::regoperator FROM pg_operator WHERE oprnamespace IN (SELECT oid FROM schemas)
    UNION ALL SELECT 'collation ' || collname FROM pg_collation WHERE collnamespace IN (SELECT oid FROM schemas)
    UNION ALL SELECT 'text search ' || cfgname FROM pg_ts_config WHERE cfgnamespace IN (SELECT oid FROM schemas)
    UNION ALL SELECT 'schema ' || oid::regnamespace FROM schemas
    UNION ALL SELECT 'cast ' || castsource::regtype || ' ' || casttarget::regtype FROM pg_cast WHERE oid >= 16384
    UNION ALL SELECT 'server ' || srvname FROM pg_foreign_server
    UNION ALL SELECT 'mapping ' || srvname FROM pg_user_mappings
    UNION ALL SELECT 'publication ' || pubname FROM pg_publication
    UNION ALL SELECT 'published ' || prrelid::regclass FROM pg_publication_rel
    UNION ALL SELECT 'event trigger ' || evtname FROM pg_event_trigger
    UNION ALL SELECT 'trigger ' || tgname || ' on ' || tgrelid::regclass FROM pg_trigger WHERE NOT tgisinternal
    UNION ALL SELECT 'large object ' || loid || ' ' || md5(string_agg(data, NULL ORDER BY pageno)) FROM pg_largeobject GROUP BY loid
    UNION ALL SELECT 'user ' || email FROM auth.users
    UNION ALL SELECT 'session ' || id FROM auth.sessions
    UNION ALL SELECT 'token ' || id FROM auth.one_time_tokens
    UNION ALL SELECT 'bucket ' || name FROM storage.buckets
    UNION ALL SELECT 'object ' || name FROM storage.objects
    UNION ALL SELECT 'upload ' || id FROM storage.s3_multipart_uploads
    ORDER BY 1`);
  return rows.map(({ line }) => line);
}

/** What the plan names of the target that hostile.sql has filled. */
const removed = [
  'schema Empty One with all that is in it',
  'schema Odd "schema" – Données with all that is in it (1 tables)',
  'schema a.b; -- $$ with all that is in it (4 tables)',
  'schema app with all that is in it (1 tables)',
  'schema owned_by_another with all that is in it (1 tables)',
  'schema supabase_migrations with all that is in it (2 tables)',
  'schema two\nlines with all that is in it (1 tables)',
  'everything in schema public (34 tables)',
  'server Odd "server"; --',
  'server elsewhere',
  'publication Odd "publication"; --',
  'publication of_nothing',
  'publication some_rows',
  'trigger users on user; changed in schema auth',
  'trigger users on_auth_user_created in schema auth',
  'trigger objects Odd object trigger in schema storage',
  'trigger objects on_object in schema storage',
  'the rows of auth.audit_log_entries',
  'the rows of auth.identities',
  'the rows of auth.one_time_tokens',
  'the rows of auth.refresh_tokens',
  'the rows of auth.sessions',
  'the rows of auth.users',
  'the rows of storage.buckets',
  'the rows of storage.objects',
  'the rows of storage.s3_multipart_uploads',
  '4 large objects',
];

test('a hosted project is replaced, but for what belongs to the platform, and its safety backup brings it back', async () => {
  const source = await startPlatformCluster();
  await source.postgres.query(shop);
  const target = await startPlatformCluster();
  await loadHostileSource(target, { superuserPart: false });
  // Its options are shown to nobody but superusers, the writer himself, and the owner of a mapping of everybody.
  await target.postgres.query(`DROP USER MAPPING FOR "app ""writer"" çalışan; --" SERVER "Odd ""server""; --"`);
  const { project, repository } = await createInitializedProject({
    database: source.postgres,
    target: target.postgres,
    variables: { VERIFY_CONTENT: 'true' },
  });
  const agent = (...args: string[]): Promise<AgentResult> => runAgent([...args, '--env-file', project.envFile]);
  expect(await agent('backup')).toMatchObject({ exitCode: 0, stderr: '' });
  const [dumpBefore, platformBefore] = [await dumpText(target.administrator, []), await listPlatformState(target)];

  // The question names everything, and without its answer nothing is done, nor backed up.
  const terminal = runOnTerminalHere(['restore', 'latest', '--to', 'test', '--clean', '--env-file', project.envFile]);
  await terminal.waitFor('Type the name of the target project (shop-test): ');
  terminal.type('shop\n');
  const { exitCode, shown } = await terminal.finished;
  expect(exitCode).toBe(2);
  for (const what of removed) expect(shown.replaceAll('\r\n', '\n')).toContain(`  - REMOVES ${what}\n`);
  expect(shown.match(/REMOVES/g)).toHaveLength(removed.length);
  expect(await dumpText(target.administrator, [])).toBe(dumpBefore);
  expect(await archiveNames(repository)).toHaveLength(1);

  const cleaned = await restore(project, 'latest', '--clean');
  expectComplete(cleaned);
  expect(cleaned.document.plan.replaced.toSorted()).toEqual(removed.toSorted());
  expect(await agent('compare', 'latest', '--to', 'test')).toMatchObject({ exitCode: 0, stderr: '' });
  // Extensions stay, and casts are what hstore brings.
  const casts = ['cast hstore json', 'cast hstore jsonb', 'cast text[] hstore'];
  expect(compareStates(await listUserObjects(source), await listUserObjects(target))).toEqual({ gone: [], come: casts });
  const changed = compareStates(platformBefore, await listPlatformState(target));
  expect(changed.gone.map(briefly)).toEqual([
    'extension pg_trgm',
    'role {"rolname": "anon", "rolsuper": false, "rolconfig": ["statement_timeout=5s"]',
    'trigger "Odd object trigger" on storage.objects',
    'trigger "on user; changed" on auth.users',
    'trigger on_object on storage.objects',
  ]);
  expect(changed.come.map(briefly)).toEqual([
    'role {"rolname": "anon", "rolsuper": false, "rolconfig": ["statement_timeout=3s"]',
  ]);

  const safety = cleaned.document.safetyBackup!;
  const before = await archiveNames(repository);
  expect(before.filter((name) => name.includes('pre-restore'))).toEqual([`${safety}-database`]);
  const back = await restore(project, safety, '--clean', '--no-safety-backup', '--enable-jobs');
  expect(await archiveNames(repository)).toEqual(before);
  // The secrets of the vault were there all the time, and stay as they are: nobody but the platform writes them.
  expect({ exitCode: back.exitCode, lost: listLost(back.document), skipped: back.document.skipped }).toEqual({
    exitCode: 3,
    lost: [],
    skipped: [],
  });
  expect(back.document.plan.forbidden.map(({ what }) => what)).toEqual(['rows of table secrets in schema vault']);
  expect((await agent('compare', safety, '--to', 'test', '--json')).json()).toMatchObject({
    status: 'equal',
    comparison: { tables: 51, contents: 51, differences: [], changedContents: [] },
  });
  expect(await listPlatformState(target)).toEqual(platformBefore);
  expect(await dumpText(target.administrator, [])).toBe(dumpBefore);
});

/** What it is, without the digest and the rights behind. */
function briefly(line: string): string {
  return line
    .replace(/^(trigger .*) \(.*$/, '$1')
    .replace(/^(extension \S+).*/, '$1')
    .replace(/(\]), .*/, '$1');
}
