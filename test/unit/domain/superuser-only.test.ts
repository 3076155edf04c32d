import { expect, test } from 'vitest';
import { isSuperuserOnly } from '../../../src/domain/superuser-only.ts';

// Definitions as pg_dump 15 writes them.
test.each([
  ['AGGREGATE', 'CREATE AGGREGATE public.total(numeric) (\n    SFUNC = numeric_add,\n    STYPE = numeric\n);\n', false],
  [
    'AGGREGATE',
    'CREATE AGGREGATE public.middle(double precision) (\n    SFUNC = f,\n    STYPE = internal,\n    FINALFUNC = g\n);\n',
    true,
  ],
  [
    'AGGREGATE',
    'CREATE AGGREGATE public.moving(numeric) (\n    SFUNC = f,\n    STYPE = numeric,\n    MSTYPE = internal\n);\n',
    true,
  ],
  ['TYPE', 'CREATE TYPE public.announced;\n', true],
  ['TYPE', 'CREATE TYPE public.pair AS (\n\ta integer\n);\n', false],
  ['TYPE', 'CREATE TYPE public.base (\n    INTERNALLENGTH = 4,\n    INPUT = public.base_in\n);\n', true],
  ['FUNCTION', 'CREATE FUNCTION public.f() RETURNS integer\n    LANGUAGE plperlu\n    AS $$1$$;\n', true],
  ['FUNCTION', 'CREATE FUNCTION public.f() RETURNS integer\n    LANGUAGE plv8\n    AS $$1$$;\n', false],
  [
    'FUNCTION',
    'CREATE FUNCTION public.f() RETURNS integer\n    LANGUAGE sql IMMUTABLE LEAKPROOF\n    AS $$SELECT 1$$;\n',
    true,
  ],
  [
    'FUNCTION',
    'CREATE FUNCTION public.f() RETURNS integer\n    LANGUAGE plpgsql STABLE SUPPORT public.help\n    AS $$1$$;\n',
    true,
  ],
  [
    'PROCEDURE',
    "CREATE PROCEDURE public.p()\n    LANGUAGE plpgsql\n    SET session_replication_role TO 'replica'\n    AS $$1$$;\n",
    true,
  ],
  ['VIEW', 'CREATE VIEW public.v AS\n SELECT 1;\n', false],
  ['OPERATOR CLASS', null, true],
  [null, null, false],
])('%s %j needs a superuser: %s', (description, definition, expected) => {
  expect(isSuperuserOnly({ description, definition })).toBe(expected);
});
