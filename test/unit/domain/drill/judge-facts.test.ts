import { describe, expect, test } from 'vitest';
import { judgeForeignKeys, judgeIndexes, judgeSequences, judgeViews } from '../../../../src/domain/drill/judge-facts.ts';

describe('foreign keys', () => {
  const key = { name: 'a of public.t', validated: true, orphans: false };

  test('that hold are no finding', () => {
    expect(judgeForeignKeys([key])).toEqual({ detail: '1 foreign key', failed: [], notChecked: [] });
  });

  test('whose rows refer to nothing have failed', () => {
    expect(judgeForeignKeys([{ ...key, orphans: true }]).failed).toEqual([
      'a of public.t: rows refer to rows that are not there',
    ]);
  });

  test('that are NOT VALID are told, and are no finding', () => {
    expect(judgeForeignKeys([key, { ...key, validated: false, orphans: true }])).toEqual({
      detail: '1 foreign key, and 1 NOT VALID in the source',
      failed: [],
      notChecked: [],
    });
  });

  test('that could not be asked are not checked', () => {
    expect(judgeForeignKeys([{ ...key, error: 'permission denied' }])).toMatchObject({
      failed: [],
      notChecked: ['a of public.t: permission denied'],
    });
  });
});

describe('indexes', () => {
  test.each([
    [{ valid: true, partitioned: false }, []],
    [{ valid: false, partitioned: false }, ['public.i is not valid']],
    // The comparison with the backup tells whether it was so.
    [{ valid: false, partitioned: true }, []],
  ])('%o', (fact, failed) => {
    expect(judgeIndexes([{ name: 'public.i', ...fact }]).failed).toEqual(failed);
  });
});

describe('sequences', () => {
  const sequence = { name: 'public.s', column: 'public.t.id', increment: '1', next: '11', extreme: '10' };
  const judge = (change: Partial<typeof sequence> & { extreme?: string }, captured: 'same' | 'other' | 'unknown' = 'other') =>
    judgeSequences([{ ...sequence, ...change }], () => captured);

  test.each([
    [{}, false],
    [{ next: '10' }, true],
    [{ next: '9223372036854775808', extreme: '9223372036854775807' }, false],
    [{ increment: '-1', next: '9', extreme: '10' }, false],
    [{ increment: '-1', next: '10', extreme: '10' }, true],
  ])('%o', (change, isBehind) => {
    expect(judge(change).findings.failed).toHaveLength(isBehind ? 1 : 0);
  });

  test('of an empty table are never behind', () => {
    expect(judgeSequences([{ ...sequence, extreme: null }], () => 'other').findings.failed).toEqual([]);
  });

  test('of several columns count once, and those that cannot be compared are named', () => {
    const error = 'its default is more than the next number';
    const facts = [sequence, { ...sequence, column: 'public.u.id', next: null, extreme: null, error }];
    expect(judgeSequences(facts, () => 'other').findings).toEqual({
      detail: '1 sequence',
      failed: [],
      notChecked: [`public.s for public.u.id: ${error}`],
    });
  });

  test('of a column that holds no number are not compared', () => {
    expect(judge({ extreme: 'NaN' }).findings).toMatchObject({
      failed: [],
      notChecked: ['public.s for public.t.id: it holds NaN'],
    });
  });

  test('that were behind in the source are told of, and are no fault of the backup', () => {
    expect(judge({ next: '3' }, 'same')).toMatchObject({
      findings: { failed: [], notChecked: [] },
      warnings: ['public.s gives 3 next, and public.t.id holds 10 already, as in the source'],
    });
    expect(judge({ next: '3' }, 'unknown').findings.failed).toEqual([
      'public.s gives 3 next, and public.t.id holds 10 already',
    ]);
  });
});

describe('views', () => {
  const view = { name: 'public.v', kind: 'view' as const, populated: true, foreign: false };

  test.each([
    [{}, [], []],
    [{ error: 'division by zero', sqlState: '22012' }, ['view public.v: division by zero'], []],
    [{ error: 'permission denied for function f', sqlState: '42501' }, [], ['view public.v: permission denied for function f']],
    [{ foreign: true }, [], ['view public.v: it reads from another server, which a drill does not talk to']],
    [{ populated: false }, [], []],
  ])('%o', (change, failed, notChecked) => {
    expect(judgeViews([{ ...view, ...change }], { lacksExtension: false })).toMatchObject({ failed, notChecked });
  });

  test.each([
    ['57014', 'canceling statement due to statement timeout'],
    ['25006', 'cannot execute nextval() in a read-only transaction'],
    ['53200', 'out of memory'],
    ['53100', 'could not write to file'],
    ['58P01', 'could not access file'],
  ])('that the drill itself does not let be read are not checked: %s', (sqlState, error) => {
    expect(judgeViews([{ ...view, sqlState, error }], { lacksExtension: false })).toMatchObject({
      failed: [],
      notChecked: [`view public.v: ${error}`],
    });
  });

  test.each(['42883', '42P01', '3F000', '42704'])('that want what an extension may have brought: %s', (sqlState) => {
    const fact = { ...view, sqlState, error: 'it does not exist' };
    expect(judgeViews([fact], { lacksExtension: true })).toMatchObject({ failed: [], notChecked: [expect.anything()] });
    expect(judgeViews([fact], { lacksExtension: false })).toMatchObject({ failed: [expect.anything()], notChecked: [] });
  });

  test('that fail by themselves have failed where an extension is missing, too', () => {
    const fact = { ...view, sqlState: '22012', error: 'division by zero' };
    expect(judgeViews([fact], { lacksExtension: true }).failed).toHaveLength(1);
  });
});
