import { describe, expect, test } from 'vitest';
import { canonicalView } from '../../../src/domain/canonical-view.ts';
import { diffCatalogs } from '../../../src/domain/catalog-difference.ts';

describe('a query of one relation is the same text with and without its name', () => {
  test.each([
    [' SELECT people.id,\n    people.name\n   FROM public.people;', ' SELECT id,\n    name\n   FROM public.people;'],
    [' SELECT p.id FROM ONLY public.people p WHERE (p.id > 0);', ' SELECT id FROM ONLY public.people p WHERE (id > 0);'],
    [' SELECT "a.b"."c d" FROM x."a.b" LIMIT 1;', ' SELECT "c d" FROM x."a.b" LIMIT 1;'],
    [' SELECT f.n FROM public.f(1) f(n);', ' SELECT n FROM public.f(1) f(n);'],
    [' SELECT s.id FROM ( SELECT t.id FROM public.t) s;', ' SELECT id FROM ( SELECT t.id FROM public.t) s;'],
    [
      ' WITH chain(id) AS ( SELECT a.id FROM a UNION SELECT b.id FROM b) SELECT chain.id FROM chain;',
      ' WITH chain(id) AS ( SELECT a.id FROM a UNION SELECT b.id FROM b) SELECT id FROM chain;',
    ],
    // A schema, a type and a text that are called as the relation is.
    [" SELECT app.id, app.f(app.x), 'app.x'::app.mood FROM app.app;", " SELECT id, app.f(x), 'app.x'::app.mood FROM app.app;"],
  ])('%j', (before, after) => {
    expect(canonicalView(before)).toBe(canonicalView(after));
    const [one, other] = [before, after].map((definition) => [
      { class: 'materialized view', name: 'public.it', schema: 'public', value: { definition, populated: true } },
    ]);
    expect(diffCatalogs(one!, other!)).toEqual([]);
  });
});

describe('other queries stay as they are', () => {
  test.each([
    ' SELECT 1;',
    ' SELECT a.id FROM (public.a JOIN public.b ON ((a.id = b.id)));',
    ' SELECT a.id FROM public.a, public.b;',
    ' SELECT a.id FROM public.a UNION SELECT b.id FROM public.b;',
    " SELECT $$a.b, it's$$ FROM x WHERE",
  ])('%j', (definition) => {
    expect(canonicalView(definition).replaceAll(/\s/g, '')).toBe(definition.replaceAll(/\s/g, ''));
  });

  test('and a text in one is never changed', () => {
    expect(canonicalView("SELECT 'people.id' FROM people")).not.toBe(canonicalView("SELECT 'id' FROM people"));
    expect(canonicalView("SELECT E'\\'people.id' FROM people")).not.toBe(canonicalView("SELECT E'\\'id' FROM people"));
  });
});
