import { describe, expect, test } from 'vitest';
import { describeEntry, entryKey, selectEntries } from '../../../src/domain/restore-selection.ts';
import { define, defineRows, type EntryProperties } from '../../helpers/dump-entries.ts';
import { decideAll, outcomeOf, targetKinds, targetOf, type NamedTarget } from '../../helpers/restore-target.ts';

const [keep, attempt] = ['keep', 'try'];
const [elsewhere, forbidden, absent, missing] = ['elsewhere', 'forbidden', 'absent', 'missing'].map(
  (cause) => `skip: ${cause}`,
);
const targets = Object.keys(targetKinds) as NamedTarget[];

/** An entry, and what becomes of it: hosted, self-hosted, plain, and plain without a superuser; one word for all of them. */
type Row = [description: string, name: string, properties: EntryProperties, ...outcomes: (string | undefined)[]];

const ofPlatform = { schema: null, owner: 'supabase_admin' };
const global = { schema: null };

function written(definition: string): EntryProperties {
  return { definition };
}

test.each<Row>([
  ['ENCODING', 'ENCODING', global, keep],
  ['SEARCHPATH', 'SEARCHPATH', global, keep],
  ['ACL', 'public.TABLE notes', {}, elsewhere],
  ['DEFAULT ACL', 'public.DEFAULT PRIVILEGES FOR TABLES', {}, elsewhere],
  ['DATABASE', 'postgres', global, elsewhere],
  ['DATABASE PROPERTIES', 'postgres', global, elsewhere],
  ['COMMENT', 'DATABASE postgres', global, elsewhere],
  ['SECURITY LABEL', 'DATABASE postgres', global, elsewhere],
  ['EXTENSION', 'hstore', global, keep],
  ['EXTENSION', 'rare', global, missing],
  ['SCHEMA', 'app', global, keep],
  ['SCHEMA', 'app', ofPlatform, keep],
  ['SCHEMA', '_analytics', ofPlatform, absent, keep, keep, keep],
  ['SCHEMA', 'extensions', global, keep],
  ['TABLE', 'public.notes', {}, keep],
  ['TABLE', 'public.notes', { owner: 'supabase_admin' }, keep],
  ['FUNCTION', 'public.f()', written('CREATE FUNCTION public.f()\n    LANGUAGE plpgsql\n    AS $$ LANGUAGE c $$;\n'), keep],
  ['FUNCTION', 'public.f()', written('CREATE FUNCTION public.f()\n    LANGUAGE c\n    AS'), forbidden, keep, keep, forbidden],
  ['FUNCTION', 'public.f()', written('...\n    LANGUAGE internal IMMUTABLE\n'), forbidden, keep, keep, forbidden],
  ['FUNCTION', 'public.f()', written('...\n    LANGUAGE custom\n'), keep],
  ['FUNCTION', 'public.f()', written("...\n    SET session_replication_role TO 'replica'\n"), forbidden, keep, keep, forbidden],
  [
    'PROCEDURE',
    'public.p()',
    written("...\n    SET session_replication_role TO 'replica'\n"),
    forbidden,
    keep,
    keep,
    forbidden,
  ],
  ['TYPE', 'public.mood', written("CREATE TYPE public.mood AS ENUM (\n    'sad'\n);\n"), keep],
  ['TYPE', 'public.base', written('CREATE TYPE public.base (\n    INTERNALLENGTH = 4,\n'), forbidden, keep, keep, forbidden],
  ...['ACCESS METHOD', 'OPERATOR CLASS', 'OPERATOR FAMILY', 'PROCEDURAL LANGUAGE', 'SHELL TYPE', 'SUBSCRIPTION'].map(
    (description): Row => [description, 'x', global, forbidden, keep, keep, forbidden],
  ),
  ...['TEXT SEARCH PARSER', 'TEXT SEARCH TEMPLATE'].map((description): Row => [
    description,
    'public.x',
    {},
    forbidden,
    keep,
    keep,
    forbidden,
  ]),
  ['TEXT SEARCH DICTIONARY', 'public.x', {}, keep],
  ['EVENT TRIGGER', 'mine', global, attempt, keep, keep, forbidden],
  ['EVENT TRIGGER', 'pgrst_watch', ofPlatform, absent, keep, keep, forbidden],
  ['FOREIGN DATA WRAPPER', 'w', global, attempt, keep, keep, forbidden],
  ['SERVER', 's', global, attempt, keep, keep, attempt],
  ['USER MAPPING', 'USER MAPPING postgres SERVER s', global, attempt, keep, keep, attempt],
  ['CAST', 'CAST (a AS b)', global, attempt, keep, keep, attempt],
  ['TRANSFORM', 'TRANSFORM FOR date LANGUAGE other', global, attempt, keep, keep, attempt],
  ['COMMENT', 'public.TABLE notes', {}, attempt, keep, keep, attempt],
  [
    'PUBLICATION',
    'mine',
    { ...global, ...written("CREATE PUBLICATION mine WITH (publish = 'insert');\n") },
    attempt,
    keep,
    keep,
    attempt,
  ],
  [
    'PUBLICATION',
    'all',
    { ...global, ...written('CREATE PUBLICATION all FOR ALL TABLES WITH (...);\n') },
    attempt,
    keep,
    keep,
    forbidden,
  ],
  ['PUBLICATION', 'supabase_realtime_messages_publication', ofPlatform, absent, keep, keep, attempt],
  ['PUBLICATION TABLE', 'public.mine notes', {}, attempt, keep, keep, attempt],
  [
    'PUBLICATION TABLES IN SCHEMA',
    'app.mine app',
    written('ALTER PUBLICATION mine ADD TABLES IN SCHEMA app;\n'),
    attempt,
    keep,
    keep,
    forbidden,
  ],
  ['BLOBS', 'BLOBS', global, keep],
  ['SEQUENCE SET', 'public.notes_id_seq', {}, keep],
  // A plain PostgreSQL knows no platform: what is called like it is like anything else.
  ['TABLE', 'auth.users', { owner: 'supabase_auth_admin' }, absent, attempt, keep, keep],
  ['EVENT TRIGGER', 'mine', { ...global, owner: 'app' }, attempt, keep, keep, forbidden],
])('%s %s %j', (description, name, properties, ...outcomes) => {
  const entry = define(description, name, properties);
  const availableExtensions = new Map([['hstore', '1.8']]);
  const decided = targets.map((target) => decideAll([entry], targetOf(target, { availableExtensions })).map(outcomeOf)[0]);
  expect(decided).toEqual(outcomes.length === 1 ? targets.map(() => outcomes[0]) : outcomes);
});

test('what may be done as a privileged role only, no other may', () => {
  const entries = [define('EVENT TRIGGER', 'mine', global), define('FOREIGN DATA WRAPPER', 'w', global)];
  expect(decideAll(entries, targetOf('hosted', { privileged: false })).map(outcomeOf)).toEqual([forbidden, forbidden]);
});

describe('what is there already', () => {
  test('is told by description, schema and name', () => {
    const table = define('TABLE', 'public.notes');
    const existing = new Set([entryKey(table)]);
    const others = [define('VIEW', 'public.notes'), define('TABLE', 'app.notes'), define('TABLE', 'public.other')];
    const decided = decideAll(
      [{ ...table, dumpId: 9999, definition: 'CREATE TABLE ...' }, ...others],
      targetOf('plain', { existing }),
    );
    expect(decided.map(outcomeOf)).toEqual(['skip: exists', keep, keep, keep]);
  });

  test('is told of comments by their text, too', () => {
    const comment = define('COMMENT', 'public.TABLE notes', written("COMMENT ON TABLE public.notes IS 'one';\n"));
    const changed = { ...comment, definition: "COMMENT ON TABLE public.notes IS 'two';\n" };
    const target = targetOf('plain', { existing: new Set([entryKey(comment)]) });
    expect(decideAll([comment], target).map(outcomeOf)).toEqual(['skip: exists']);
    expect(decideAll([changed], target).map(outcomeOf)).toEqual([keep]);
  });

  test('says nothing of rows and values, which may well be others', () => {
    const table = define('TABLE', 'public.notes');
    const data = [defineRows(table), define('SEQUENCE SET', 'public.s'), define('BLOBS', 'BLOBS', global)];
    const existing = new Set([table, ...data].map(entryKey));
    expect(decideAll([table, ...data], targetOf('plain', { existing })).map(outcomeOf)).toEqual([
      'skip: exists',
      keep,
      keep,
      keep,
    ]);
  });

  test('goes before whether it may be made', () => {
    const entry = define('ACCESS METHOD', 'x', global);
    const extension = define('EXTENSION', 'rare', global);
    const target = targetOf('hosted', { existing: new Set([entryKey(entry), entryKey(extension)]) });
    expect(decideAll([entry, extension], target).map(outcomeOf)).toEqual(['skip: exists', 'skip: exists']);
  });
});

test('what nobody asked for is left out, but for the settings of the dump', () => {
  const entries = [
    define('ENCODING', 'ENCODING', global),
    define('TABLE', 'public.notes'),
    define('EXTENSION', 'rare', global),
  ];
  const decided = selectEntries(entries, targetOf('hosted'), { rows: new Map(), asked: () => false });
  expect(decided.map(outcomeOf)).toEqual([keep, 'skip: unasked', 'skip: unasked']);
});

describe('what needs something else', () => {
  const rare = define('EXTENSION', 'rare', global);

  test('is lost with it, in any order and over any distance', () => {
    const table = define('TABLE', 'public.places', { needs: [rare] });
    const rows = defineRows(table);
    const index = define('INDEX', 'public.by_place', { needs: [table] });
    const comment = define('COMMENT', 'public.INDEX by_place', { needs: [index] });
    const decided = decideAll([comment, rows, index, table, rare], targetOf('hosted'));
    expect(decided.map(outcomeOf)).toEqual([missing, missing, missing, missing, missing]);
    expect(decided.map(({ reason }) => reason)).toEqual([
      'it needs index by_place in schema public',
      'it needs table places in schema public',
      'it needs table places in schema public',
      'it needs extension rare',
      "it is not installed on the target's server",
    ]);
  });

  test('is kept where that is there, or done by another step', () => {
    const schema = define('SCHEMA', 'app', global);
    const acl = define('ACL', 'app.SCHEMA app', { needs: [schema] });
    const table = define('TABLE', 'app.notes', { needs: [schema, acl] });
    const target = targetOf('hosted', { existing: new Set([entryKey(schema)]) });
    expect(decideAll([schema, acl, table], target).map(outcomeOf)).toEqual(['skip: exists', elsewhere, keep]);
  });

  test('is tried with what is tried, and its rows wait in a table of texts', () => {
    const server = define('SERVER', 's', global);
    const far = define('FOREIGN TABLE', 'public.far', { needs: [server] });
    const view = define('MATERIALIZED VIEW', 'public.near', { needs: [far] });
    const refresh = define('MATERIALIZED VIEW DATA', 'public.near', { needs: [view] });
    const table = define('TABLE', 'public.typed', { needs: [view] });
    const decided = decideAll([server, far, view, refresh, table, defineRows(table)], targetOf('hosted'));
    expect(decided.map(outcomeOf)).toEqual([attempt, attempt, attempt, attempt, attempt, 'stage']);
  });

  test('is forbidden with what is forbidden, even if it would be tried', () => {
    const wrapper = define('ACCESS METHOD', 'columnar', global);
    const table = define('TABLE', 'public.columns', { needs: [wrapper] });
    const comment = define('COMMENT', 'public.TABLE columns', { needs: [table] });
    expect(decideAll([wrapper, table, comment], targetOf('hosted')).map(outcomeOf)).toEqual([forbidden, forbidden, forbidden]);
  });

  test("the user's own that needs what the platform lacks can be mended; the platform's own is as absent", () => {
    const gone = define('TABLE', 'auth.gone', { owner: 'supabase_auth_admin' });
    const mine = define('VIEW', 'public.mine', { needs: [gone] });
    const theirs = define('FUNCTION', 'auth.theirs()', { needs: [gone], owner: 'supabase_auth_admin' });
    const trigger = define('TRIGGER', 'auth.gone mine', { needs: [gone], owner: 'supabase_auth_admin' });
    const decided = decideAll([gone, mine, theirs, trigger], targetOf('hosted'));
    expect(decided.map(outcomeOf)).toEqual([absent, missing, absent, absent]);
    expect(decided[1]!.reason).toBe('it needs table gone in schema auth: enable on the target what brings it');
  });
});

test.each([
  ['index my_index in schema storage', define('INDEX', 'storage.my_index')],
  ['rows of table a b in schema public', define('TABLE DATA', 'public.a b')],
  ['large objects', define('BLOBS', 'BLOBS', global)],
  ['large objects 16400..16500', define('BLOB METADATA', '16400..16500', global)],
  ['extension hstore', define('EXTENSION', 'hstore', global)],
  ['encoding', define('ENCODING', 'ENCODING', global)],
  ['object', define('', '', { schema: null, tag: null, description: null } as EntryProperties)],
])('to people it is "%s"', (expected, entry) => {
  expect(describeEntry(entry)).toBe(expected);
});
