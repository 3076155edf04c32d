import { describe, expect, test } from 'vitest';
import type { DumpEntry } from '../../../src/domain/dump-head.ts';
import { entryKey } from '../../../src/domain/restore-selection.ts';
import type { TargetRelation } from '../../../src/domain/selection.ts';
import { define, defineRows } from '../../helpers/dump-entries.ts';
import { decideAll, outcomeOf, relationsOf, targetOf, type NamedTarget } from '../../helpers/restore-target.ts';

const attempt = 'try';
const [forbidden, absent, platform] = ['forbidden', 'absent', 'platform'].map((cause) => `skip: ${cause}`);

const users = define('TABLE', 'auth.users', { owner: 'supabase_auth_admin', oid: '16500' });

/** What becomes of the last of some things on auth.users, which is there, and on which the role may do what is given. */
function decideOnUsers(entries: readonly DumpEntry[], may: Partial<TargetRelation>, target: NamedTarget = 'hosted') {
  const relations = relationsOf({ 'auth.users': may });
  return decideAll([users, ...entries], targetOf(target, { relations, existing: new Set([entryKey(users)]) })).at(-1)!;
}

describe('what stands on a table of the platform', () => {
  const index = define('INDEX', 'auth.users_by_name', { needs: [users] });
  const trigger = define('TRIGGER', 'auth.users on_signup', { needs: [users] });
  const policy = define('POLICY', 'auth.users mine', { needs: [users] });
  const comment = define('COMMENT', 'auth.TABLE users', { needs: [users] });
  const ofIndex = define('COMMENT', 'auth.INDEX users_by_name', { needs: [index] });
  const ofTrigger = define('COMMENT', 'auth.TRIGGER on_signup ON users', { needs: [trigger] });
  const ofPolicy = define('COMMENT', 'auth.POLICY mine ON users', { needs: [policy] });

  test.each<[string, DumpEntry, Partial<TargetRelation>, string | undefined]>([
    ['an index', index, { trigger: true, policies: true }, forbidden],
    ['an index of the owner', index, { owned: true }, attempt],
    ['a trigger', trigger, { policies: true }, forbidden],
    ['a trigger with TRIGGER', trigger, { trigger: true }, attempt],
    ['a policy', policy, { trigger: true }, forbidden],
    ['a policy with its grant', policy, { policies: true }, attempt],
    ['a comment', comment, { trigger: true, policies: true }, forbidden],
    ['a foreign key', define('FK CONSTRAINT', 'auth.users team_fkey', { needs: [users] }), { trigger: true }, forbidden],
    ['row security', define('ROW SECURITY', 'auth.users', { needs: [users] }), { policies: true }, forbidden],
  ])('%s', (_, entry, may, expected) => {
    const decision = decideOnUsers([entry], may);
    expect(outcomeOf(decision)).toBe(expected);
    expect(decision.reason).toBe(expected === forbidden ? 'users belongs to the platform' : undefined);
    expect(outcomeOf(decideOnUsers([entry], {}, 'self-hosted'))).toBe(attempt);
  });

  test.each<[string, DumpEntry, [DumpEntry, Partial<TargetRelation>, string | undefined]]>([
    ['an index', index, [ofIndex, { owned: true }, attempt]],
    // Only the owner of the table may comment on its triggers.
    ['a trigger', trigger, [ofTrigger, { trigger: true, policies: true }, forbidden]],
    ['a policy', policy, [ofPolicy, { policies: true }, attempt]],
    ['a policy that may not be made', policy, [ofPolicy, {}, forbidden]],
  ])('a comment on %s there', (_, on, [entry, may, expected]) => {
    expect(outcomeOf(decideOnUsers([on, entry], may))).toBe(expected);
  });

  test.each([
    ['the first', 'auth.users on_signup'],
    ['the second, whose name begins with that of the first', 'auth.users of old on_signup'],
  ])('belongs to the one of two tables that its name begins with: %s', (which, name) => {
    const older = define('TABLE', 'auth.users of old', { owner: 'supabase_auth_admin' });
    const entry = define('TRIGGER', name, { needs: [users, older] });
    const relations = relationsOf({
      'auth.users': { trigger: which === 'the first' },
      'auth.users of old': { trigger: which !== 'the first' },
    });
    const target = targetOf('hosted', { relations, existing: new Set([users, older].map(entryKey)) });
    expect(outcomeOf(decideAll([users, older, entry], target)[2]!)).toBe(attempt);
  });

  test('may come with its table', () => {
    const mine = define('TABLE', 'auth.mine');
    const entries = [
      mine,
      define('INDEX', 'auth.by_mine', { needs: [mine] }),
      define('COMMENT', 'auth.TABLE mine', { needs: [mine] }),
    ];
    const target = targetOf('hosted', { creatable: new Set(['auth']) });
    expect(decideAll(entries, target).map(outcomeOf)).toEqual([attempt, attempt, attempt]);
  });

  test.each<[string, string[], string | undefined]>([
    ['of the platform', [], forbidden],
    ['in a schema that is open', ['auth'], attempt],
  ])('a comment on a function %s', (_, creatable, expected) => {
    const uid = define('FUNCTION', 'auth.uid()');
    const entry = define('COMMENT', 'auth.FUNCTION uid()', { needs: [uid] });
    const exists = targetOf('hosted', { creatable: new Set(creatable) });
    // The function itself is there.
    expect(outcomeOf(decideAll([entry], exists)[0]!)).toBe(expected);
  });
});

describe('what is made in a schema of the platform', () => {
  const mine = define('FUNCTION', 'auth.mine()');
  const theirs = define('FUNCTION', 'auth.theirs()', { owner: 'supabase_auth_admin' });

  test.each<[string, DumpEntry, [NamedTarget, { creatable?: string[]; samePlatform?: boolean }], string | undefined]>([
    ["the user's, where nothing may be made", mine, ['hosted', {}], forbidden],
    ["the user's, where it may", mine, ['hosted', { creatable: ['auth'] }], attempt],
    ["the user's, of a superuser", mine, ['self-hosted', { samePlatform: false }], attempt],
    ["the platform's, of the same version", theirs, ['hosted', { creatable: ['auth'] }], absent],
    ["the platform's, of the same version and of a superuser", theirs, ['self-hosted', {}], attempt],
    ["the platform's, of another version", theirs, ['self-hosted', { samePlatform: false }], absent],
  ])('%s', (_, entry, [kind, { creatable = [], samePlatform = true }], expected) => {
    const target = targetOf(kind, { creatable: new Set(creatable), samePlatform });
    expect(outcomeOf(decideAll([entry], target)[0]!)).toBe(expected);
  });

  const gone = define('TABLE', 'auth.gone', { owner: 'supabase_auth_admin', oid: '7001' });
  const versions = define('TABLE', 'auth.schema_migrations', { owner: 'supabase_auth_admin', oid: '7002' });

  test.each<[string, DumpEntry, number, [string | undefined, RegExp]]>([
    ['that was empty', gone, 0, [absent, /^the target's platform does not have it$/]],
    ['that held rows', gone, 12_345, [forbidden, /does not have it, nor a place for its 12,345 rows$/]],
    ["whose rows are the platform's own", versions, 12_345, [absent, /^the target's platform does not have it$/]],
  ])('a table of the platform that it no longer has, %s', (_, table, count, [expected, reason]) => {
    const decided = decideAll([table, defineRows(table)], targetOf('hosted'), { [table.oid]: count });
    expect(outcomeOf(decided[0]!)).toBe(expected);
    expect(decided[0]!.reason).toMatch(reason);
    expect(decided[1]!.action).toBe('skip');
  });
});

describe('rows of the platform', () => {
  const rowsOf = (name: string): DumpEntry => defineRows(define('TABLE', name, { oid: '7003' }));

  test.each<[string, number, string | undefined, string | undefined]>([
    ['auth.users', 3, 'keep', undefined],
    ['auth.users', 0, platform, 'it had no rows'],
    ['auth.schema_migrations', 3, platform, 'the platform keeps its own there'],
    ['realtime.messages', 3, platform, 'the platform keeps its own there'],
    ['storage.buckets', 1234, forbidden, 'its 1,234 rows may not be inserted there'],
  ])('%s with %i rows', (name, count, expected, reason) => {
    const relations = relationsOf({ 'auth.users': { insert: true }, 'storage.buckets': {} });
    const [decision] = decideAll([rowsOf(name)], targetOf('hosted', { relations }), { 7003: count });
    expect([outcomeOf(decision!), decision!.reason]).toEqual([expected, reason]);
  });

  test.each<[string, Partial<TargetRelation> | undefined, string | undefined]>([
    ['that is there and may be set', { update: true }, attempt],
    ['that is there and may not be set', {}, platform],
    ['that comes with the restore', undefined, attempt],
  ])('the value of a sequence %s', (_, may, expected) => {
    const relations = relationsOf(may === undefined ? {} : { 'auth.tokens_id_seq': may });
    const entry = define('SEQUENCE SET', 'auth.tokens_id_seq');
    expect(outcomeOf(decideAll([entry], targetOf('hosted', { relations }))[0]!)).toBe(expected);
  });

  test('a materialized view is refreshed if it can be', () => {
    const entry = define('MATERIALIZED VIEW DATA', 'extensions.stats');
    expect(outcomeOf(decideAll([entry], targetOf('hosted'))[0]!)).toBe(attempt);
  });
});
