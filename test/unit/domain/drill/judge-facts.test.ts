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
    [{ error: 'division by zero' }, ['view public.v: division by zero'], []],
    [{ error: 'permission denied for function f' }, [], ['view public.v: permission denied for function f']],
    [{ foreign: true }, [], ['view public.v: it reads from another server, which a drill does not talk to']],
    [{ populated: false }, [], []],
  ])('%o', (change, failed, notChecked) => {
    expect(judgeViews([{ ...view, ...change }])).toMatchObject({ failed, notChecked });
  });
});
