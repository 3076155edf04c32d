import { describe, expect, test } from 'vitest';
import { asksFor, componentOf, everything, isWhole, schemaOf, type RestoreScope } from '../../../src/domain/restore-scope.ts';
import { define, type EntryProperties } from '../../helpers/dump-entries.ts';

const notes = { schema: 'public', name: 'notes' };
const global = { schema: null };

test.each<[string, Partial<RestoreScope>, boolean]>([
  ['nothing said', {}, true],
  ['a manner for rows that are there', { mode: 'append' }, true],
  ['a component', { only: ['roles'] }, false],
  ['a schema', { schemas: ['app'] }, false],
  ['a table', { tables: [notes] }, false],
  ['rows alone', { dataOnly: true }, false],
])('with %s, all of a backup is asked for: %s', (_, said, expected) => {
  expect(isWhole({ ...everything, ...said })).toBe(expected);
});

test.each<[string, Partial<RestoreScope>, boolean]>([
  ['nothing', {}, true],
  ['roles', { only: ['cron', 'roles'] }, true],
  ['another component', { only: ['cron'] }, false],
  ['roles and a schema', { only: ['roles'], schemas: ['app'] }, false],
  ['roles and a table', { only: ['roles'], tables: [notes] }, false],
  ['rows alone', { dataOnly: true }, false],
])('who named %s asks for roles: %s', (_, said, expected) => {
  expect(asksFor({ ...everything, ...said }, 'roles')).toBe(expected);
});

test.each<[string, string, EntryProperties, string]>([
  ['EXTENSION', 'hstore', global, 'extensions'],
  ['TABLE', 'supabase_migrations.schema_migrations', {}, 'history'],
  ['TABLE DATA', 'supabase_migrations.schema_migrations', {}, 'history'],
  ['SCHEMA', 'supabase_migrations', global, 'history'],
  ['PUBLICATION', 'mine', global, 'publications'],
  ['PUBLICATION TABLE', 'public.mine notes', {}, 'publications'],
  ['PUBLICATION TABLES IN SCHEMA', 'app.mine app', {}, 'publications'],
  ['TABLE', 'public.notes', {}, 'schema'],
  ['TRIGGER', 'auth.users mine', {}, 'schema'],
  ['TABLE DATA', 'public.notes', {}, 'data'],
  ['SEQUENCE SET', 'public.notes_id_seq', {}, 'data'],
  ['BLOBS', 'BLOBS', global, 'data'],
  ['TABLE DATA', 'auth.users', {}, 'auth'],
  ['TABLE DATA', 'storage.objects', {}, 'storage'],
  ['TABLE DATA', 'vault.secrets', {}, 'data'],
])('%s %s %j belongs to %4$s', (description, name, properties, expected) => {
  expect(componentOf(define(description, name, properties))).toBe(expected);
});

describe('the schema of an entry', () => {
  test.each<[string, string, EntryProperties, string | null]>([
    ['TABLE', 'app.notes', {}, 'app'],
    ['SCHEMA', 'app', global, 'app'],
    ['COMMENT', 'SCHEMA app', global, 'app'],
    ['COMMENT', 'SCHEMA "odd ""name"" of it"', global, 'odd "name" of it'],
    ['COMMENT', 'EXTENSION app', global, null],
    ['PUBLICATION', 'app', global, null],
  ])('%s %s %j', (description, name, properties, expected) => {
    expect(schemaOf(define(description, name, properties))).toBe(expected);
  });
});
