import { expect, test } from 'vitest';
import { formatDrift } from '../../../src/domain/drift-text.ts';

const definition = { dumpId: 1, description: 'VIEW', tag: 'v', schema: 'public', dropStatement: '', dependencies: [] };

test('what was tried with success is SQL, all else is a comment in each of its lines', () => {
  const text = formatDrift({
    done: ['CREATE TABLE public.a (\n    id integer\n);'],
    failed: [{ sql: 'DROP VIEW public.v;\nCREATE VIEW public.v AS SELECT 1', error: 'other objects depend on it' }],
    remaining: [
      {
        what: 'VIEW public.v',
        expected: { ...definition, definition: 'old\n' },
        live: { ...definition, definition: 'new\nview' },
      },
      { what: 'VIEW public.gone', expected: { ...definition, definition: null }, live: undefined },
      { what: 'VIEW public.new', expected: undefined, live: { ...definition, definition: 'there' } },
    ],
  });
  const [heading, ...paragraphs] = text.trimEnd().split('\n\n');
  expect(heading).toMatch(/^-- What the database has beyond its migrations/);
  expect(paragraphs).toEqual([
    'CREATE TABLE public.a (\n    id integer\n);',
    '-- This did not work: other objects depend on it\n-- DROP VIEW public.v;\n-- CREATE VIEW public.v AS SELECT 1',
    '-- Still different: VIEW public.v\n-- by the migrations:\n-- old\n-- in the database:\n-- new\n-- view',
    '-- Still different: VIEW public.gone\n-- by the migrations:\n-- ',
    '-- Still different: VIEW public.new\n-- in the database:\n-- there',
  ]);
});
