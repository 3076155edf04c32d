import { describe, expect, test } from 'vitest';
import type { Comparison } from '../../../src/apply/compare.ts';
import { judgeRestore } from '../../../src/apply/outcome.ts';
import type { RestorePlan } from '../../../src/apply/plan-types.ts';
import type { JudgedDifference } from '../../../src/domain/comparison.ts';
import type { Decision } from '../../../src/domain/selection.ts';
import { define } from '../../helpers/dump-entries.ts';
import { planOf } from '../../helpers/restore-plan.ts';

const equal: Comparison = {
  tables: 0,
  rows: 0,
  contents: 0,
  differences: [],
  changedContents: [],
  uncompared: [],
  classes: [],
  catalog: [],
  privilegeLeaks: [],
};

function differ(className: string, name: string, facts: Partial<JudgedDifference> = {}): JudgedDifference {
  return { class: className, name, schema: 'public', kind: 'missing', verdict: 'lost', ...facts };
}

function judge(comparison: Partial<Comparison>, facts: { plan?: Partial<RestorePlan>; skipped?: string[] } = {}): string {
  const { status, unexplained } = judgeRestore(
    { ...planOf(), ...facts.plan },
    { ...equal, ...comparison },
    facts.skipped ?? [],
  );
  return [status, ...unexplained].join(', ');
}

const without = (...entries: Parameters<typeof define>[]): { plan: Partial<RestorePlan> } => ({
  plan: {
    decisions: entries.map((entry): Decision => ({ entry: define(...entry), action: 'skip', cause: 'forbidden', reason: 'x' })),
  },
});

describe('a restore is complete', () => {
  test.each<[string, Partial<Comparison>]>([
    ['when nothing differs', {}],
    ["when the platform's own differs", { catalog: [differ('table', 'public.notes', { verdict: 'platform' })] }],
    ['when jobs rest', { catalog: [differ('cron job', 'nightly', { verdict: 'resting' })] }],
  ])('%s', (_, comparison) => {
    expect(judge(comparison)).toBe('complete');
  });
});

describe('a restore has failed', () => {
  test.each<[string, Partial<Comparison>, string]>([
    [
      'rows are missing',
      { differences: [{ what: 'table public.notes', expected: 3, found: 2 }] },
      'rows of table public.notes',
    ],
    ['rows are others', { changedContents: ['table public.notes'] }, 'rows of table public.notes'],
    ['a definition is lost', { catalog: [differ('index', 'public.by_date')] }, 'index public.by_date'],
    [
      'a right has leaked',
      { catalog: [differ('privileges', 'table public.notes', { kind: 'different' })] },
      'privileges table public.notes',
    ],
  ])('when %s and nobody has said so', (_, comparison, expected) => {
    expect(judge(comparison)).toBe(`failed, ${expected}`);
  });

  test('when only something else was left out', () => {
    const catalog = [differ('index', 'public.by_date')];
    expect(judge({ catalog }, without(['INDEX', 'app.by_date']))).toBe('failed, index public.by_date');
    expect(judge({ catalog }, without(['INDEX', 'public.by_name']))).toBe('failed, index public.by_date');
    const exists: Decision = { entry: define('INDEX', 'public.by_date'), action: 'skip', cause: 'exists' };
    expect(judge({ catalog }, { plan: { decisions: [exists] } })).toBe('failed, index public.by_date');
  });

  test('when contents are others, whatever was named', () => {
    expect(judge({ changedContents: ['table public.notes'] }, without(['TABLE DATA', 'public.notes']))).toMatch(/^failed/);
  });
});

describe('a restore is incomplete', () => {
  test.each<[string, Partial<Comparison>, { plan?: Partial<RestorePlan>; skipped?: string[] }]>([
    ['a loss that was accepted', {}, { plan: { losses: ['extension hstore (...)'] } }],
    ['something forbidden', {}, { plan: { forbidden: [{ what: 'a', why: 'b' }] } }],
    ['a statement that was skipped', {}, { skipped: ['cast (a AS b): no'] }],
    ['a table that could not be compared', { uncompared: ['table public.notes (hidden)'] }, {}],
    ['a column in another place', { catalog: [differ('column', 'public.child.a', { verdict: 'reordered' })] }, {}],
    ['a table that was left out', { catalog: [differ('table', 'public.notes')] }, without(['TABLE', 'public.notes'])],
    [
      'its rows',
      { differences: [{ what: 'table public.notes', expected: 3, found: null }] },
      without(['TABLE', 'public.notes']),
    ],
    ['its parts', { catalog: [differ('column', 'public.notes.body')] }, without(['TABLE', 'public.notes'])],
    [
      'a policy that was left out',
      { catalog: [differ('policy', 'reader on public.notes')] },
      without(['POLICY', 'public.notes reader']),
    ],
    [
      'the index of a constraint that was left out',
      { catalog: [differ('index', 'public.notes_pkey')] },
      without(['CONSTRAINT', 'public.notes notes_pkey']),
    ],
    [
      'a difference that was foretold',
      { catalog: [differ('owner', 'table public.notes', { kind: 'different' })] },
      { plan: { forbidden: [{ what: 'a', why: 'b', explains: ['owner table public.notes'] }] } },
    ],
    [
      'a shape that the target keeps',
      { catalog: [differ('role', 'app', { schema: null, kind: 'different' })] },
      { plan: { skipped: [{ what: 'a', why: 'b', explains: ['role app'] }] } },
    ],
    [
      'an index that the server refused',
      { catalog: [differ('index', 'storage.mine')] },
      { skipped: ['index mine in schema storage: must be owner'] },
    ],
    [
      'an owner that it refused',
      { catalog: [differ('owner', 'table public.notes')] },
      { skipped: ['owner app of table public.notes: no'] },
    ],
    [
      'a setting that it refused',
      { catalog: [differ('setting', 'all roles in this database: lc_messages', { schema: null })] },
      { skipped: ['setting lc_messages of the database: permission denied'] },
    ],
    [
      'a publication without a table that was left out',
      { catalog: [differ('publication', '"my own"', { schema: null, kind: 'different' })] },
      without(['PUBLICATION TABLE', 'public.my own notes']),
    ],
    [
      'a publication without a table that the server refused',
      { catalog: [differ('publication', 'mine', { schema: null, kind: 'different' })] },
      { skipped: ['publication table mine notes in schema public: no'] },
    ],
    [
      'large objects of another owner',
      { catalog: [differ('large objects', 'owner postgres, grants 1', { schema: null, kind: 'extra' })] },
      { plan: { forbidden: [{ what: 'a', why: 'b', explains: ['large objects owner app, grants 2'] }] } },
    ],
    [
      'what could not be read',
      { catalog: [differ('view', 'public.v')] },
      { plan: { tolerant: true, losses: ['schema x (...)'] } },
    ],
  ])('with %s', (_, comparison, facts) => {
    expect(judge(comparison, facts)).toBe('incomplete');
  });

  test.each<[string, JudgedDifference, { plan?: Partial<RestorePlan>; skipped?: string[] }]>([
    [
      'another setting',
      differ('setting', 'role app: work_mem', { schema: null }),
      { skipped: ['setting lc_messages of role app: no'] },
    ],
    [
      'a publication of another name',
      differ('publication', 'my', { schema: null, kind: 'different' }),
      without(['PUBLICATION TABLE', 'public.mine notes']),
    ],
    ['more than there was', differ('view', 'public.v', { kind: 'extra' }), { plan: { tolerant: true } }],
  ])('but not with %s', (_, difference, facts) => {
    expect(judge({ catalog: [difference] }, facts)).toMatch(/^failed/);
  });
});

test.each([
  ['hosted', 'incomplete'],
  ['self-hosted', 'incomplete'],
  ['plain', 'failed, table auth.users'],
] as const)('a difference inside of what is the platform on %s: %s', (kind, expected) => {
  expect(judge({ catalog: [differ('table', 'auth.users', { schema: 'auth' })] }, { plan: { kind } })).toBe(expected);
});
