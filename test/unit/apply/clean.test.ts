import { describe, expect, test } from 'vitest';
import { planClearing, type ClearRequest } from '../../../src/apply/clean.ts';
import type { CatalogRecord } from '../../../src/domain/catalog.ts';
import type { DumpEntry } from '../../../src/domain/dump-head.ts';
import { tolerateFailure } from '../../../src/domain/tolerant.ts';
import { ownerOf, privilegesOf, record } from '../../helpers/catalog-records.ts';
import { define, type EntryProperties } from '../../helpers/dump-entries.ts';
import { relationsOf } from '../../helpers/restore-target.ts';

/** An entry that pg_dump tells how to drop. */
function droppable(description: string, name: string, properties: EntryProperties = {}): DumpEntry {
  return define(description, name, { dropStatement: `DROP ${description} ${name};\n`, ...properties });
}

const global = { schema: null };
const ofPlatform = { schema: null, owner: 'supabase_admin' };

function clear(entries: readonly DumpEntry[], facts: Partial<ClearRequest> = {}) {
  const request = { kind: 'hosted' as const, catalog: [], relations: new Map(), occupied: [], largeObjects: 0 };
  const clearing = planClearing({ ...request, entries, ...facts });
  return { ...clearing, left: entries.filter(clearing.remains) };
}

describe('schemas', () => {
  const app = define('SCHEMA', 'my app', global);
  const table = droppable('TABLE', 'my app.notes', { needs: [app] });
  const auth = define('SCHEMA', 'auth', { schema: null, owner: 'supabase_admin' });
  const users = droppable('TABLE', 'auth.users', { needs: [auth] });

  test('of the user go with all that is in them, those of the platform stay', () => {
    const { statements, what, left } = clear([app, auth, table, users]);
    expect(statements).toEqual(['DROP SCHEMA "my app" CASCADE;']);
    expect(what).toEqual(['schema my app with all that is in it (1 tables)']);
    expect(left).toEqual([auth, users]);
  });

  test('of a plain PostgreSQL all go', () => {
    const { statements, left } = clear([app, auth, table, users], { kind: 'plain' });
    expect(statements).toEqual(['DROP SCHEMA "my app" CASCADE;', 'DROP SCHEMA "auth" CASCADE;']);
    expect(left).toEqual([]);
  });
});

describe('the schema public', () => {
  const schema = define('SCHEMA', 'public', { schema: null, owner: 'pg_database_owner' });
  const comment = define('COMMENT', 'SCHEMA public', { schema: null, needs: [schema] });

  test('stays, and what is in it goes, last made first', () => {
    const type = droppable('TYPE', 'public.mood');
    const table = droppable('TABLE', 'public.notes', { needs: [type] });
    const index = droppable('INDEX', 'public.by_mood', { needs: [table] });
    const view = droppable('MATERIALIZED VIEW', 'public.seen', { needs: [table] });
    const { statements, what, left } = clear([schema, comment, type, table, view, index]);
    expect(statements).toEqual([
      'DROP MATERIALIZED VIEW IF EXISTS public.seen CASCADE;',
      'DROP TABLE IF EXISTS public.notes CASCADE;',
      'DROP TYPE IF EXISTS public.mood CASCADE;',
    ]);
    expect(what).toEqual(['everything in schema public (1 tables)']);
    expect(left).toEqual([schema, comment]);
  });

  test.each([
    ['AGGREGATE', 'AGGREGATE public.total(integer)'],
    ['COLLATION', 'COLLATION public."Odd ""name"""'],
    ['FOREIGN TABLE', 'FOREIGN TABLE public.far'],
    ['FUNCTION', 'FUNCTION public.f(text, "char")'],
    ['OPERATOR', 'OPERATOR public.=== (integer, integer)'],
    ['OPERATOR CLASS', 'OPERATOR CLASS public.c USING btree'],
    ['OPERATOR FAMILY', 'OPERATOR FAMILY public.c USING btree'],
    ['PROCEDURE', 'PROCEDURE public.p(integer)'],
    ['TEXT SEARCH CONFIGURATION', 'TEXT SEARCH CONFIGURATION public.english'],
    ['TABLE', 'TABLE public."two\nlines; -- ;"'],
  ])('loses what is dropped as %s', (description, object) => {
    const entry = define(description, 'public.x', { dropStatement: `DROP ${object};\n` });
    const [, keyword, rest] = new RegExp(`^(${description}) ([^]*)$`).exec(object)!;
    expect(clear([entry]).statements).toEqual([`DROP ${keyword} IF EXISTS ${rest} CASCADE;`]);
  });

  test('loses base types, which pg_dump drops with CASCADE itself', () => {
    const type = define('TYPE', 'public.base', { dropStatement: 'DROP TYPE public.base CASCADE;\n' });
    const table = define('TABLE', 'public.x CASCADE', { dropStatement: 'DROP TABLE public."x CASCADE";\n' });
    expect(clear([table, type]).statements).toEqual([
      'DROP TYPE IF EXISTS public.base CASCADE;',
      'DROP TABLE IF EXISTS public."x CASCADE" CASCADE;',
    ]);
  });

  test('has sequences of identity columns, which go with their tables', () => {
    const table = droppable('TABLE', 'public.notes');
    const sequence = define('SEQUENCE', 'public.notes_id_seq', { needs: [table], dropStatement: '' });
    const { statements, left } = clear([table, sequence]);
    expect(statements).toEqual(['DROP TABLE IF EXISTS public.notes CASCADE;']);
    expect(left).toEqual([]);
  });
});

describe('what stands in no schema', () => {
  const entries = [
    droppable('PUBLICATION', 'mine', global),
    droppable('EVENT TRIGGER', 'mine', global),
    droppable('SERVER', 'mine', global),
    define('CAST', 'CAST (a AS b)', { schema: null, dropStatement: 'DROP CAST (a AS b);\n' }),
    droppable('PUBLICATION', 'supabase_realtime', global),
    droppable('EVENT TRIGGER', 'pgrst_watch', ofPlatform),
    droppable('EXTENSION', 'hstore', global),
  ];

  test("goes if it is the user's, but for the publication of Realtime", () => {
    const { statements, what, left } = clear(entries);
    expect(statements).toEqual([
      'DROP EVENT TRIGGER IF EXISTS mine CASCADE;',
      'DROP PUBLICATION IF EXISTS mine CASCADE;',
      'DROP SERVER IF EXISTS mine CASCADE;',
    ]);
    expect(what).toEqual(['event trigger mine', 'publication mine', 'server mine']);
    expect(left).toEqual(entries.slice(3));
  });

  test('goes from a self-hosted project also where only a superuser makes it', () => {
    expect(clear(entries, { kind: 'self-hosted' }).left).toEqual(entries.slice(4));
  });

  test('loses event triggers before they can keep anything from being dropped', () => {
    const [publication, trigger, server] = entries as [DumpEntry, DumpEntry, DumpEntry];
    expect(clear([publication, server, trigger]).what).toEqual(['event trigger mine', 'publication mine', 'server mine']);
  });

  test('all goes from a plain PostgreSQL but extensions', () => {
    const { statements, left } = clear(entries, { kind: 'plain' });
    expect(statements).toHaveLength(6);
    expect(statements).toContain('DROP CAST IF EXISTS (a AS b) CASCADE;');
    expect(left).toEqual([entries[6]]);
  });
});

describe('what goes along', () => {
  const notify = droppable('FUNCTION', 'public.notify()');
  const users = droppable('TABLE', 'auth.users', { owner: 'supabase_auth_admin' });
  const trigger = droppable('TRIGGER', 'auth.users mine', { needs: [users, notify], owner: 'supabase_auth_admin' });
  const comment = define('COMMENT', 'auth.TRIGGER mine ON users', { needs: [trigger] });
  const theirs = droppable('TRIGGER', 'auth.users theirs', { needs: [users], owner: 'supabase_auth_admin' });

  test("is what needs the user's own, wherever it is, and is told", () => {
    const { statements, what, left } = clear([notify, users, trigger, theirs, comment]);
    expect(statements).toEqual(['DROP FUNCTION IF EXISTS public.notify() CASCADE;']);
    expect(what).toEqual(['everything in schema public', 'trigger users mine in schema auth']);
    expect(left).toEqual([users, theirs]);
  });

  test('does not take along what nobody could read, because something else could not be read', () => {
    // pg_dump cannot dump them; what stands for them has no id of its own.
    const mine = define('TABLE', 'my app.hidden', { dumpId: 0 });
    const platforms = define('TABLE', 'auth.hidden', { dumpId: 0, owner: null });
    expect(clear([mine, platforms]).left).toEqual([platforms]);
  });
});

describe('policies on tables of the platform', () => {
  const objects = droppable('TABLE', 'storage.objects', { owner: 'supabase_storage_admin' });
  const policy = define('POLICY', 'storage.objects mine', {
    needs: [objects],
    dropStatement: 'DROP POLICY mine ON storage.objects;\n',
  });

  test.each([
    ['go where they may be changed', true, ['DROP POLICY IF EXISTS mine ON storage.objects CASCADE;']],
    ['stay where they may not', false, []],
  ])('%s', (_, policies, expected) => {
    const { statements, left } = clear([objects, policy], { relations: relationsOf({ 'storage.objects': { policies } }) });
    expect(statements).toEqual(expected);
    expect(left).toEqual(expected.length > 0 ? [objects] : [objects, policy]);
  });

  test("stay in schemas whose policies are the platform's", () => {
    const job = define('TABLE', 'cron.job');
    const theirs = define('POLICY', 'cron.job theirs', { needs: [job], dropStatement: 'DROP POLICY theirs ON cron.job;\n' });
    expect(clear([job, theirs], { relations: relationsOf({ 'cron.job': { policies: true } }) }).statements).toEqual([]);
  });
});

test('webhooks on tables of the platform go, where the platform lets them, and its own triggers stay', () => {
  const users = droppable('TABLE', 'auth.users', { owner: 'supabase_auth_admin' });
  const hook = droppable('FUNCTION', 'supabase_functions.http_request()', { owner: 'supabase_functions_admin' });
  const own = droppable('FUNCTION', 'auth.touch()', { owner: 'supabase_auth_admin' });
  const webhook = define('TRIGGER', 'auth.users call', {
    needs: [users, hook],
    dropStatement: 'DROP TRIGGER call ON auth.users;\n',
  });
  const theirs = define('TRIGGER', 'auth.users touch', {
    needs: [users, own],
    dropStatement: 'DROP TRIGGER touch ON auth.users;\n',
  });
  const { statements, what, left } = clear([users, hook, own, webhook, theirs]);
  const drop = 'DROP TRIGGER IF EXISTS call ON auth.users CASCADE;';
  expect(statements).toEqual([tolerateFailure('trigger users call in schema auth', drop)]);
  expect(what).toEqual(['trigger users call in schema auth']);
  expect(left).toEqual([users, hook, own, theirs]);
});

describe('jobs of pg_cron', () => {
  const facts = { schedule: '@daily', command: "SELECT 'a'", database: null, active: true };
  const mine = record('cron job', 'nightly', { job: 'nightly', username: 'postgres', ...facts }, null);
  const unnamed = record('cron job', 'unnamed: @daily', { job: null, username: 'app', ...facts }, null);
  const theirs = record('cron job', 'tick', { job: 'tick', username: 'supabase_admin', ...facts }, null);
  const catalog = [mine, unnamed, theirs];

  test("go before everything else, but for the platform's own", () => {
    const { statements, what, remainsRecord } = clear([droppable('TABLE', 'public.notes')], { catalog });
    expect(what).toEqual(['everything in schema public (1 tables)', 'cron job nightly', 'cron job unnamed: @daily']);
    const unschedule = (name: string, user: string): string =>
      `SELECT cron.unschedule(j.jobid) FROM cron.job j WHERE (pg_catalog.to_jsonb(j) ->> 'jobname') ${name} AND j.schedule = '@daily' AND j.command = 'SELECT ''a''' AND j.username = '${user}'`;
    expect(statements.slice(0, 2)).toEqual([
      tolerateFailure('cron job nightly', unschedule("= 'nightly'", 'postgres')),
      tolerateFailure('cron job unnamed: @daily', unschedule('IS NULL', 'app')),
    ]);
    expect(catalog.filter(remainsRecord)).toEqual([theirs]);
  });

  test('go all from a plain PostgreSQL', () => {
    const { what, remainsRecord } = clear([], { kind: 'plain', catalog });
    expect(what).toHaveLength(3);
    expect(catalog.filter(remainsRecord)).toEqual([]);
  });
});

test('rows and large objects go last', () => {
  const { statements, what } = clear([droppable('TABLE', 'public.notes')], {
    occupied: [{ schema: 'auth', name: 'odd "users"' }],
    largeObjects: 3,
  });
  expect(statements.slice(1)).toEqual([
    'DELETE FROM ONLY "auth"."odd ""users""";',
    'SELECT pg_catalog.lo_unlink(oid) FROM pg_catalog.pg_largeobject_metadata;',
  ]);
  expect(what.slice(1)).toEqual(['the rows of auth.odd "users"', '3 large objects']);
});

test('who owns what goes is known, since nobody else may drop it', () => {
  const catalog = [record('large objects', 'owner files, grants 1', { owner: 'files', grants: [], oids: '1' }, null)];
  const entries = [
    droppable('TABLE', 'public.a', { owner: 'app' }),
    droppable('TABLE', 'public.b', { owner: 'app' }),
    droppable('PUBLICATION', 'mine', { schema: null, owner: 'publisher' }),
    droppable('TABLE', 'auth.users', { owner: 'supabase_auth_admin' }),
    define('COMMENT', 'public.TABLE a', { owner: '' }),
  ];
  expect(clear(entries, { catalog }).owners).toEqual(['app', 'publisher', 'files']);
});

test.each<[CatalogRecord, boolean]>([
  [record('table', 'public.notes'), false],
  [ownerOf('table public.notes', 'app'), false],
  [record('table', 'app.notes'), false],
  [ownerOf('schema app', 'app'), false],
  [ownerOf('publication mine', 'app'), false],
  [ownerOf('event trigger mine', 'app'), false],
  [privilegesOf('server mine', []), false],
  // Who may use the schema, and what is given by default to new things in it, is set on the schema.
  [record('schema', 'public', {}, 'public'), true],
  [ownerOf('schema public', 'pg_database_owner'), true],
  [privilegesOf('schema public', []), true],
  [record('default privileges', 'role postgres in schema public on TABLES', {}, 'public'), true],
  [record('table', 'auth.users'), true],
  [ownerOf('table auth.users', 'supabase_auth_admin'), true],
  [record('membership', 'a in b', {}, null), true],
  [record('publication', 'mine', {}, null), true],
])('%o is still there afterwards: %s', (found, expected) => {
  const app = define('SCHEMA', 'app', global);
  expect(clear([app]).remainsRecord(found)).toBe(expected);
});
