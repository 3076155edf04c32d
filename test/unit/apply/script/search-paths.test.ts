import { describe, expect, test } from 'vitest';
import { lendSearchPath } from '../../../../src/apply/script/search-paths.ts';
import type { DumpEntry } from '../../../../src/domain/dump-head.ts';
import type { Action } from '../../../../src/domain/selection.ts';
import { tolerateFailure } from '../../../../src/domain/tolerant.ts';
import { define, type EntryProperties } from '../../../helpers/dump-entries.ts';

const newer = { searchPath: '"$user", public', major: 17 };

/** As pg_dump writes it; `head` is what stands between the arguments and the body. */
function defineFunction(name: string, properties: EntryProperties & { head?: string } = {}): DumpEntry {
  const { head = '\n    LANGUAGE sql IMMUTABLE', ...others } = properties;
  return define('FUNCTION', `public.${name}`, {
    definition: `CREATE FUNCTION public.${name} RETURNS text${head}\n    AS $$SELECT 1\n    SET search_path TO x$$;\n`,
    dropStatement: `DROP FUNCTION public.${name};\n`,
    ...others,
  });
}

function lend(entries: readonly DumpEntry[], action: Action = 'keep', options = newer): string[] {
  return lendSearchPath(
    entries.map((entry) => ({ entry, action })),
    options,
  ).lend;
}

test('functions of an index have the search path of the source until everything is made', () => {
  const normal = defineFunction('normal(t text)');
  const entries = [normal, defineFunction('other()'), define('INDEX', 'public.by_name', { needs: [normal] })];
  const what = 'search path of function normal(t text) in schema public';
  const decisions = entries.map((entry) => ({ entry, action: 'keep' as const }));
  expect(lendSearchPath(decisions, newer)).toEqual({
    lend: [tolerateFailure(what, `ALTER FUNCTION public.normal(t text) SET "search_path" TO '$user', 'public'`)],
    takeBack: [tolerateFailure(what, 'ALTER FUNCTION public.normal(t text) RESET search_path')],
  });
  expect(lend(entries, 'skip')).toEqual([]);
  // Before 17 indexes are made with the search path that there is.
  expect(lend(entries, 'keep', { ...newer, major: 16 })).toEqual([]);
});

describe('of functions that are needed', () => {
  test.each([
    ['by an index', 'INDEX', 1],
    ['by an exclusion constraint', 'CONSTRAINT', 1],
    ['by a materialized view', 'MATERIALIZED VIEW', 1],
    ['by a view that nothing is made of', 'VIEW', 0],
  ])('%s', (_, description, expected) => {
    const needed = defineFunction('normal(t text)');
    expect(lend([needed, define(description, 'public.it', { needs: [needed] })])).toHaveLength(expected);
  });

  test('by something that one of those needs', () => {
    const needed = defineFunction('normal(t text)');
    const view = define('VIEW', 'public.names', { needs: [needed] });
    expect(lend([needed, view, define('MATERIALIZED VIEW', 'public.kept', { needs: [view] })])).toHaveLength(1);
  });

  test.each([
    ['has a search path', "\n    LANGUAGE sql IMMUTABLE\n    SET search_path TO 'public'"],
    ['is in C', '\n    LANGUAGE c IMMUTABLE'],
    ["is one of the server's", '\n    LANGUAGE internal IMMUTABLE'],
  ])('but for one that %s', (_, head) => {
    const needed = defineFunction('normal(t text)', { head });
    expect(lend([needed, define('INDEX', 'public.it', { needs: [needed] })])).toEqual([]);
  });
});
