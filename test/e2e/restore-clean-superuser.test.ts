import { expect, test } from 'vitest';
import { createTestDatabase } from '../helpers/database.ts';
import { loadHostileSource, startPlatformCluster } from '../helpers/platform.ts';
import { compareStates, listPlatformState } from '../helpers/platform-state.ts';
import { createBackedUpProject, expectComplete, restore } from '../helpers/restoring.ts';
import { dumpText } from '../helpers/scenario.ts';
import { startTestCluster } from '../helpers/test-cluster.ts';

const shop = `
  CREATE TABLE public.people (id integer PRIMARY KEY, email text);
  INSERT INTO public.people VALUES (1, 'shop@example.org');
  CREATE SCHEMA app;
  CREATE TABLE app.notes AS SELECT 1 AS id;
  CREATE PUBLICATION some_rows FOR TABLE app.notes;
  SELECT lo_from_bytea(900001, 'of the shop');`;

test('a self-hosted project is replaced by its superuser, but for what belongs to the platform', async () => {
  const source = await startPlatformCluster();
  await source.postgres.query(shop);
  const target = await startPlatformCluster();
  await loadHostileSource(target);
  await target.postgres.query(`CREATE TRIGGER "call home" AFTER INSERT ON auth.users FOR EACH ROW
    EXECUTE FUNCTION supabase_functions.http_request('https://example.org/target', 'POST', '{}', '{}', '1000')`);
  const { project } = await createBackedUpProject(source.administrator, target.administrator);
  const before = await listPlatformState(target);
  const cleaned = await restore(project, 'latest', '--clean', '--no-safety-backup');
  expectComplete(cleaned);
  const { plan, safetyBackup } = cleaned.document;
  expect(safetyBackup).toBeUndefined();
  expect(plan).toMatchObject({ kind: 'self-hosted', forbidden: [], losses: [] });
  expect(plan.replaced).toEqual(
    expect.arrayContaining([
      'everything in schema public (37 tables)',
      'event trigger on_end_always',
      'publication of_schemas',
      'access method heap_again',
      'transform TRANSFORM FOR integer LANGUAGE sql',
      'foreign data wrapper no_handler',
      'trigger users call home in schema auth',
      'policy users own_user in schema auth',
      'the rows of auth.users',
    ]),
  );

  // The rights of the platform's own roles on its tables among all else: also where the user had changed those of others.
  const changed = compareStates(before, await listPlatformState(target));
  expect(changed.gone.map((line) => line.replace(/(\]|\)| pg_trgm).*$/, '$1'))).toEqual([
    'extension pg_trgm',
    'policy "Odd ""policy"" of objects; --" on storage.objects',
    'policy hear_room on realtime.messages',
    'policy only_small on storage.objects',
    'policy own_user on auth.users',
    'policy see_buckets on storage.buckets',
    expect.stringContaining('statement_timeout=5s'),
    'trigger "Odd object trigger" on storage.objects (O)',
    'trigger "call home" on auth.users (O)',
    'trigger "on user; changed" on auth.users (O)',
    'trigger on_auth_user_created on auth.users (O)',
    'trigger on_object on storage.objects (O)',
  ]);
  expect(changed.come).toEqual([expect.stringContaining('statement_timeout=3s')]);
  const left = `SELECT rolname AS role, amname AS method, lomoid AS object FROM
    (SELECT evtname AS rolname FROM pg_event_trigger WHERE evtowner = 'postgres'::regrole) e
    FULL JOIN (SELECT amname FROM pg_am WHERE oid >= 16384) a ON true
    FULL JOIN (SELECT oid AS lomoid FROM pg_largeobject_metadata WHERE oid <> 900001) l ON true`;
  expect(await target.administrator.query(left)).toEqual([]);
});

test('a plain database is replaced, whatever was in it', async () => {
  const { address } = await startTestCluster();
  const source = await createTestDatabase({ cluster: address });
  await source.query(shop);
  const target = await createTestDatabase({ cluster: address });
  await target.query(`
    CREATE TABLE public.people (other text);
    CREATE SCHEMA app; CREATE SCHEMA auth; CREATE TABLE auth.users AS SELECT 1 AS id; CREATE TYPE app.mood AS ENUM ('a');
    CREATE FUNCTION app.to_mood(integer) RETURNS app.mood LANGUAGE sql RETURN 'a'::app.mood;
    CREATE CAST (integer AS app.mood) WITH FUNCTION app.to_mood(integer);
    CREATE CAST (integer AS point) WITH INOUT;
    CREATE ACCESS METHOD heap_again TYPE TABLE HANDLER heap_tableam_handler;
    CREATE TABLE public.again (id integer) USING heap_again;
    CREATE FOREIGN DATA WRAPPER nothing; CREATE SERVER nowhere FOREIGN DATA WRAPPER nothing;
    CREATE USER MAPPING FOR PUBLIC SERVER nowhere;
    CREATE PUBLICATION some_rows FOR ALL TABLES; CREATE PUBLICATION everything FOR ALL TABLES;
    SELECT lo_from_bytea(900001, 'of the target'), lo_from_bytea(900002, 'too');
    CREATE FUNCTION public.refuse() RETURNS event_trigger LANGUAGE plpgsql AS $$ BEGIN RAISE 'no %', tg_tag; END $$;
    CREATE EVENT TRIGGER guard ON ddl_command_start EXECUTE FUNCTION public.refuse();
    ALTER EVENT TRIGGER guard ENABLE ALWAYS`);
  const { project } = await createBackedUpProject(source, target);
  const cleaned = await restore(project, 'latest', '--clean');
  expectComplete(cleaned);
  expect(cleaned.document.safetyBackup).toMatch(/^shop-pre-restore-/);
  expect(cleaned.document.plan.replaced).toEqual([
    'schema app with all that is in it',
    'schema auth with all that is in it (1 tables)',
    'everything in schema public (2 tables)',
    'event trigger guard',
    'cast CAST (integer AS app.mood)',
    'cast CAST (integer AS point)',
    'access method heap_again',
    'foreign data wrapper nothing',
    'server nowhere',
    'publication everything',
    'publication some_rows',
    '2 large objects',
  ]);
  expect(await dumpText(target)).toBe(await dumpText(source));
});
