import { describe, expect, test } from 'vitest';
import { checkForeignKeys } from '../../../../src/apply/script/foreign-keys.ts';
import { restoreLargeObjects } from '../../../../src/apply/script/large-objects.ts';
import { restoreOwners, type WantedOwner } from '../../../../src/apply/script/owners.ts';
import { reconcilePrivileges, type WantedPrivileges } from '../../../../src/apply/script/privileges.ts';
import { aclFunctions } from '../../../../src/apply/script/acl-functions.ts';

/** The identities that a statement is about, in its order. */
function identitiesIn(statement: string): string[] {
  return [...statement.matchAll(/"identity":"([^"]*)"/g)].map((match) => match[1]!);
}

describe('owners', () => {
  const asLast = { superuser: true, last: true };
  const owned = (type: string, identity: string): WantedOwner => ({ type, identity, owner: 'app', schema: 'app' });

  test('are given to tables before their sequences, and to schemas last', () => {
    const types = ['schema', 'sequence', 'table', 'view', 'function'];
    const [statement] = restoreOwners(
      types.map((type) => owned(type, `app.${type}`)),
      asLast,
    );
    expect(identitiesIn(statement!)).toEqual(['app.table', 'app.view', 'app.function', 'app.sequence', 'app.schema']);
  });

  test('need a keyword, and nothing is done where there are none', () => {
    expect(restoreOwners([owned('operator of a kind', 'x')], asLast)).toEqual([]);
    expect(restoreOwners([owned('operator of a kind', 'x'), owned('procedure', 'app.p()')], asLast)[0]).toContain(
      '"keyword":"ROUTINE"',
    );
  });

  test('are lent the right to create by who is no superuser, and made one for a moment by who is', () => {
    const give = (superuser: boolean): string => restoreOwners([owned('table', 'app.t')], { superuser, last: true })[0]!;
    const [asAnybody, asSuperuser] = [give(false), give(true)];
    expect(asAnybody).toMatch(/GRANT CREATE ON[^]*ALTER %s %s OWNER TO %I[^]*REVOKE CREATE ON/);
    expect(asAnybody).not.toContain('SUPERUSER');
    expect(asSuperuser).toMatch(/ALTER ROLE %I SUPERUSER[^]*OWNER TO[^]*ALTER ROLE %I NOSUPERUSER/);
    expect(asSuperuser).not.toContain('CREATE ON');
  });

  test('are told of only once, when all of them are there', () => {
    const wanted = [owned('table', 'app.t')];
    expect(restoreOwners(wanted, { superuser: true, last: false })[0]).not.toContain('RAISE');
    expect(restoreOwners(wanted, asLast)[0]).toContain("RAISE WARNING USING MESSAGE = 'supabase-backup-agent skipped: '");
  });

  test('end no quote by their names', () => {
    const [statement] = restoreOwners(
      [{ type: 'table', identity: `app."$agent$ it's \\"`, owner: '$agent1$', schema: 'app' }],
      asLast,
    );
    const [, tag] = /^DO (\$\w+\$)\n/.exec(statement!)!;
    expect(statement!.split(tag!)).toHaveLength(3);
  });
});

describe('privileges', () => {
  const wanted = (type: string, identity: string, column?: string): WantedPrivileges => ({
    type,
    identity,
    owner: 'app',
    grants: [],
    ...(column === undefined ? {} : { column }),
  });

  test('are reconciled for schemas first and for columns last, after the defaults', () => {
    const objects = [wanted('table', 'column', 'body'), wanted('table', 'table'), wanted('schema', 'schema')];
    const statements = reconcilePrivileges(objects, [{ role: 'app', schema: null, objects: 'TABLES', grants: null }]);
    const [defaults, reconcile, ...others] = statements.slice(aclFunctions.length);
    expect(statements.slice(0, aclFunctions.length)).toEqual(aclFunctions);
    expect(defaults).toContain('agent_reconcile_defaults(item)');
    expect(identitiesIn(reconcile!)).toEqual(['schema', 'table', 'column']);
    expect(others).toEqual([]);
  });

  test('of very many objects come in several statements, none left out', () => {
    const objects = Array.from({ length: 1001 }, (_, index) => wanted('table', `t${index}`));
    const statements = reconcilePrivileges(objects, []).slice(aclFunctions.length);
    expect(statements).toHaveLength(3);
    expect(statements.flatMap(identitiesIn)).toEqual(objects.map(({ identity }) => identity));
  });
});

test('large objects are given a group at a time, whatever its owner is called', () => {
  const owner = `it's 100% $large$ $agent$ "odd"`;
  const [statement, ...others] = restoreLargeObjects([{ owner, grants: [], oids: '16400 16401' }]);
  expect(others).toEqual([]);
  expect(statement).toContain('16400 16401');
  expect(statement).toContain(`owner it''s 100% $large$ $agent$ "odd" and privileges of large objects`);
  // For format(), inside of a literal, inside of a literal.
  expect(statement).toContain(`ALTER LARGE OBJECT %s OWNER TO "it''''s 100%% $large$ $agent$ ""odd"""`);
  expect(restoreLargeObjects([])).toEqual([]);
});

describe('foreign keys', () => {
  const tables = [{ schema: 'public', name: "it's" }];

  test.each([
    [true, 'RAISE EXCEPTION'],
    [false, 'RAISE WARNING'],
  ])('of tables that were there are checked, strictly (%s): %s', (isStrict, expected) => {
    const [statement] = checkForeignKeys(tables, isStrict);
    expect(statement).toContain(`[{"schema":"public","name":"it''s"}]`);
    expect([...statement!.matchAll(/RAISE \w+/g)].map(([raise]) => raise)).toEqual([expected]);
  });

  test('of no tables need no check', () => {
    expect(checkForeignKeys([], true)).toEqual([]);
  });
});
