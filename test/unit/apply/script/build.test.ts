import { describe, expect, test } from 'vitest';
import { buildScript, isOfScript, type ScriptRequest } from '../../../../src/apply/script/build.ts';
import { jsonLiteral } from '../../../../src/domain/json-literal.ts';
import { stageSchema } from '../../../../src/domain/rewrite-dump.ts';
import type { Decision } from '../../../../src/domain/selection.ts';
import { define } from '../../../helpers/dump-entries.ts';
import { roleOf } from '../../../helpers/restore-plan.ts';
import { wantedOn } from '../../../helpers/wanted.ts';

const membershipOfPostgres = { role: 'app', member: 'postgres', adminOption: false, inheritOption: null, setOption: null };
const wanted = {
  ...wantedOn('hosted', {}),
  roles: [roleOf('app', { superuser: true })],
  missingRoles: [roleOf('app', { superuser: true })],
  borrowedRoles: ['app'],
  expiries: [{ role: 'app', validUntil: '2030-01-01' }],
  publications: ['ALTER PUBLICATION ...;'],
  settings: [{ role: null, inDatabase: true, setting: 'TimeZone=UTC' }],
  memberships: [membershipOfPostgres],
  roleComments: [{ role: 'app', text: "it's" }],
  jobs: [{ job: 'nightly', schedule: '@daily', command: 'VACUUM', database: null, username: 'postgres', active: true }],
  webhooks: [{ table: 'public.notes', trigger: '"call home"' }],
};

function build(facts: Partial<Omit<ScriptRequest, 'target'>> = {}, target: Partial<ScriptRequest['target']> = {}) {
  return buildScript({
    wanted,
    decisions: [],
    searchPath: '"$user", it\'s',
    enableJobs: false,
    extensions: [],
    clean: [],
    checkedTables: [],
    computed: [],
    strict: false,
    silencedTables: [],
    rowsAreSeen: false,
    columns: [],
    target: { role: 'postgres', superuser: false, major: 15, database: 'shop', replicates: true, ...target },
    ...facts,
  });
}

/** The positions of statements that hold these words, each of which is there once. */
function expectOrder(statements: readonly string[], words: readonly string[]): void {
  const found = words.map((word) => statements.filter((statement) => statement.includes(word)).length);
  expect(found).toEqual(words.map(() => 1));
  const positions = words.map((word) => statements.findIndex((statement) => statement.includes(word)));
  expect(positions).toEqual(positions.toSorted((a, b) => a - b));
}

const keep = (description: string, name: string, definition: string): Decision => ({
  entry: define(description, name, { schema: null, definition }),
  action: 'keep',
});

describe('before the first entry', () => {
  const decisions: Decision[] = [
    keep('SCHEMA', 'app', 'CREATE SCHEMA app;\n'),
    keep('EXTENSION', 'hstore', 'CREATE EXTENSION hstore;\n'),
    keep('TABLE', 'notes', 'CREATE TABLE notes;\n'),
    { ...keep('SCHEMA', 'auth', 'CREATE SCHEMA auth;\n'), action: 'skip', cause: 'exists' },
    { ...keep('TABLE DATA', 'notes', ''), action: 'stage' },
  ];

  test('roles are made, what is in the way goes, and then come schemas and extensions', () => {
    const { before } = build({ decisions, clean: ['DROP SCHEMA old CASCADE;'], extensions: ['-- move'] });
    expect(before[0]).toBe('SET client_min_messages = warning;');
    expectOrder(before, [
      'CREATE ROLE "app" WITH INHERIT',
      `ALTER ROLE "app" VALID UNTIL '2030-01-01';`,
      'GRANT "app" TO "postgres"',
      'session_replication_role = replica',
      'DROP SCHEMA old CASCADE;',
      'session_replication_role = origin',
      'CREATE SCHEMA app;',
      'CREATE EXTENSION hstore;',
      '-- move',
      `CREATE SCHEMA ${stageSchema};`,
    ]);
    expect(before.join()).not.toMatch(/CREATE TABLE|CREATE SCHEMA auth/);
  });

  test('a superuser makes superusers, and lends nothing', () => {
    const { before, after } = build({}, { superuser: true });
    expect(before).toContain(
      'CREATE ROLE "app" WITH SUPERUSER INHERIT NOCREATEROLE NOCREATEDB NOLOGIN NOREPLICATION NOBYPASSRLS CONNECTION LIMIT -1;',
    );
    expect([...before, ...after].join()).not.toMatch(/GRANT "app" TO "postgres"[^]*REVOKE "app"/);
  });

  test.each([
    ['SCHEMA', true],
    ['EXTENSION', true],
    // Once its owner has the rights that it had.
    ['MATERIALIZED VIEW DATA', true],
    ['MATERIALIZED VIEW', false],
    ['TABLE', false],
  ])('%s is made by the script, and so not once more: %s', (description, expected) => {
    expect(isOfScript(keep(description, 'x', ''))).toBe(expected);
  });
});

test.each([
  [true, ' SET session_replication_role = replica;'],
  [false, ' '],
])('every connection finds the search path, and triggers asleep where that may be (%s)', (replicates, expected) => {
  const { preparation, before } = build({ clean: ['-- clean'] }, { replicates });
  expect(preparation).toBe(`SELECT pg_catalog.set_config('search_path', '"$user", it''s', false);${expected}`);
  expect(before.join().includes('session_replication_role')).toBe(replicates);
  expect(before).toContain('-- clean');
});

test('rows that are seen before their policies are there are withheld from everybody', () => {
  const table = (name: string, action: Decision['action']): Decision => ({ entry: define('TABLE', name), action });
  const decisions = [table('public.the notes', 'keep'), table('auth.users', 'skip'), keep('FUNCTION', 'f', '')];
  const { between } = build({ decisions, rowsAreSeen: true });
  const revoking = between.filter((statement) => statement.includes('REVOKE ALL'));
  expect(revoking).toEqual([expect.stringContaining(jsonLiteral(['"public"."the notes"']))]);
  expect(build({ decisions }).between.join()).not.toContain('REVOKE');
});

describe('after the last entry', () => {
  test('everything else follows in its order', () => {
    const decisions: Decision[] = [{ ...keep('TABLE DATA', 'notes', ''), action: 'stage' }];
    const { after } = build({ decisions, checkedTables: [{ schema: 'public', name: 'notes' }] });
    expectOrder(after, [
      `'"$user", it''s', false);`,
      'that are not there',
      `set_config('search_path', '', false);`,
      'CREATE FUNCTION pg_temp.agent_reconcile(',
      'ALTER PUBLICATION ...;',
      'ALTER DATABASE "shop" SET "TimeZone"',
      'COMMENT ON ROLE "app" IS',
      'cron.schedule_in_database',
      'ALTER TABLE public.notes DISABLE TRIGGER "call home"',
      'REVOKE "app" FROM "postgres"',
      'GRANT "app" TO "postgres"',
      `DROP SCHEMA ${stageSchema};`,
      "NOTIFY pgrst, 'reload schema';",
    ]);
  });

  test('materialized views are filled in the name of their owners, once those may do what they might', () => {
    const view = { ...define('MATERIALIZED VIEW DATA', 'public.seen'), definition: 'REFRESH MATERIALIZED VIEW public.seen;\n' };
    const others = [membershipOfPostgres, { ...membershipOfPostgres, member: 'anon' }];
    const { after } = build({ decisions: [{ entry: view, action: 'keep' }], wanted: { ...wanted, memberships: others } });
    expectOrder(after, [
      'CREATE FUNCTION pg_temp.agent_reconcile(',
      'GRANT "app" TO "anon"',
      'SET row_security = on;',
      'REFRESH MATERIALIZED VIEW public.seen;',
      'SET row_security = off;',
      'REVOKE "app" FROM "postgres"',
      'GRANT "app" TO "postgres"',
    ]);
    expect(after.find((statement) => statement.includes('REFRESH'))).toContain('materialized view data seen in schema public');
    expect(build({ decisions: [{ entry: view, action: 'skip', cause: 'unasked' }] }).after.join()).not.toContain('REFRESH');
  });

  test('owners are given before the rows come, and once more to what comes after them', () => {
    const owners = [{ type: 'table', identity: 'public.notes', owner: 'app', schema: 'public' }];
    const { between, after } = build({ wanted: { ...wanted, owners } });
    expect(between).toEqual([expect.stringContaining('"identity":"public.notes"')]);
    expect(after.filter((statement) => statement.includes('"identity":"public.notes"'))).toHaveLength(1);
  });

  test('jobs and webhooks act at once only when somebody says so', () => {
    const [resting, acting] = [build().after.join(), build({ enableJobs: true }).after.join()];
    expect(resting).toMatch(/NULL, false\)/);
    expect(resting).toContain('DISABLE TRIGGER');
    expect(acting).toMatch(/NULL, true\)/);
    expect(acting).not.toContain('DISABLE TRIGGER');
  });
});
