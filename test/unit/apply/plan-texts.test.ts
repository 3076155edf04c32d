import { describe, expect, test } from 'vitest';
import { describeItems, listManual } from '../../../src/apply/plan-texts.ts';
import { indexCatalog } from '../../../src/domain/catalog-index.ts';
import type { Decision } from '../../../src/domain/selection.ts';
import { record } from '../../helpers/catalog-records.ts';
import { define } from '../../helpers/dump-entries.ts';
import { roleOf, targetFactsOf } from '../../helpers/restore-plan.ts';
import type { NamedTarget } from '../../helpers/restore-target.ts';
import { wantedOn } from '../../helpers/wanted.ts';

const table = define('TABLE', 'public.notes');

function describeOne(decision: Partial<Decision>) {
  const { skipped, missing, forbidden } = describeItems([{ entry: table, action: 'skip', ...decision }]);
  return {
    skipped: skipped.map(({ what }) => what),
    missing: missing.map(({ what }) => what),
    forbidden: forbidden.map(({ what }) => what),
  };
}

describe('what becomes of the entries', () => {
  test('is counted by kind, rows and settings apart', () => {
    const made = ['TABLE', 'TABLE', 'POLICY', 'TABLE DATA', 'SEQUENCE SET', 'ENCODING', 'SEARCHPATH'];
    const decisions = made.map((description): Decision => ({ entry: define(description, 'public.x'), action: 'keep' }));
    const tried: Decision = { entry: define('INDEX', 'storage.x'), action: 'try' };
    expect(describeItems([...decisions, tried, { entry: table, action: 'skip', cause: 'exists' }]).created).toEqual({
      table: 2,
      policy: 1,
      index: 1,
    });
  });

  const nothing = { skipped: [], missing: [], forbidden: [] };
  const what = 'table notes in schema public';

  test.each<[string, Partial<Decision>, object]>([
    ['missing', { cause: 'missing', reason: 'x' }, { ...nothing, missing: [what] }],
    ['forbidden', { cause: 'forbidden', reason: 'x' }, { ...nothing, forbidden: [what] }],
    ['not known to the platform', { cause: 'absent', reason: 'x' }, { ...nothing, skipped: [what] }],
    [
      'kept by the platform',
      { cause: 'platform', reason: 'the platform keeps its own there' },
      { ...nothing, skipped: [what] },
    ],
    ['empty', { cause: 'platform', reason: 'it had no rows' }, nothing],
    ['there already', { cause: 'exists' }, nothing],
    ['not asked for', { cause: 'unasked' }, nothing],
    ['done elsewhere', { cause: 'elsewhere' }, nothing],
    ['simply made', { action: 'keep' }, nothing],
    ['staged', { action: 'stage', reason: 'x' }, { ...nothing, skipped: [what] }],
    ['staged, and loses columns', { action: 'stage', reason: 'x', lostColumns: ['a'] }, { ...nothing, forbidden: [what] }],
  ])('is told of what is %s', (_, decision, expected) => {
    expect(describeOne(decision)).toEqual(expected);
  });

  test.each<[string, Decision['entry'], string, string[]]>([
    ['of what is named already', define('COMMENT', 'public.TABLE notes'), 'it needs table notes', []],
    ["of the platform's own", define('INDEX', 'auth.x'), 'it needs table gone', []],
    ["of the user's own", define('VIEW', 'public.x'), 'it needs table notes', ['view x in schema public']],
    [
      'in themselves',
      define('COMMENT', 'public.TABLE notes'),
      'it belongs to the platform',
      ['comment TABLE notes in schema public'],
    ],
  ])('is not told of parts %s', (_, entry, reason, expected) => {
    expect(describeOne({ entry, cause: 'forbidden', reason }).forbidden).toEqual(expected);
  });
});

describe('what a person has to do afterwards', () => {
  const source = indexCatalog([record('vault secret', 'stripe', {}, null)]);

  function list(name: NamedTarget, facts: { enableJobs?: boolean; known?: boolean } = {}): string[] {
    const wanted = {
      ...wantedOn(name, {}),
      missingRoles: [roleOf('app', { login: true }), roleOf('group')],
      jobs: ['nightly', null].map((job) => ({
        job,
        schedule: '@daily',
        command: 'VACUUM',
        database: null,
        username: 'a',
        active: true,
      })),
      webhooks: [{ table: 'public.notes', trigger: 'call' }],
    };
    const catalog = facts.known === true ? [record('vault secret', 'stripe', {}, null)] : [];
    return listManual({ wanted, source, target: targetFactsOf(name, { catalog }), enableJobs: facts.enableJobs ?? false });
  }

  const passwords = 'set new passwords, which no backup holds, for: app';
  const secrets = 'make these vault secrets again, or bring the root key of the source: stripe';
  const jobs = expect.stringMatching(
    /--enable-jobs\): cron job nightly, cron job VACUUM, webhook call on public\.notes$/,
  ) as string;

  test.each<[NamedTarget, object, string[]]>([
    ['hosted', {}, [passwords, secrets, jobs]],
    ['hosted', { enableJobs: true }, [passwords, secrets]],
    // There the secret of that name is the target's own.
    ['hosted', { known: true }, [passwords, jobs]],
    ['self-hosted', { known: true }, [passwords, secrets, jobs]],
    ['plain', {}, [passwords, jobs]],
  ])('on %s %j', (name, facts, expected) => {
    expect(list(name, facts)).toEqual(expected);
  });

  test('is nothing where nothing is new', () => {
    expect(
      listManual({ wanted: wantedOn('hosted', {}), source: new Map(), target: targetFactsOf('hosted'), enableJobs: false }),
    ).toEqual([]);
  });
});
