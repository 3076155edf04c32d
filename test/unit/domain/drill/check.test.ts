import fc from 'fast-check';
import { expect, test } from 'vitest';
import { concludeCheck, concludeDrill, describeFailures, leaveUnchecked } from '../../../../src/domain/drill/check.ts';

const texts = fc.array(fc.string(), { maxLength: 3 });

test('a check has passed only when nothing failed and nothing was left out', () => {
  const property = fc.property(texts, texts, (failed, notChecked) => {
    const { state } = concludeCheck('rows', { detail: '', failed, notChecked });
    expect(state === 'failed').toBe(failed.length > 0);
    expect(state === 'passed').toBe(failed.length === 0 && notChecked.length === 0);
  });
  fc.assert(property);
});

test('a drill is complete only when every check passed, and failed when one did', () => {
  const states = fc.array(
    fc.record({ failed: texts, notChecked: texts }).map((found) => concludeCheck('rows', { detail: '', ...found })),
  );
  const property = fc.property(states, (checks) => {
    const status = concludeDrill(checks);
    expect(status === 'failed').toBe(checks.some(({ failed }) => failed.length > 0));
    expect(status === 'complete').toBe(checks.length > 0 && checks.every(({ state }) => state === 'passed'));
  });
  fc.assert(property);
});

test('a drill without any check proves nothing', () => {
  expect(concludeDrill([])).toBe('incomplete');
});

test('what was not begun is not checked, with the reason', () => {
  expect(leaveUnchecked('views', 'the restore failed')).toMatchObject({
    state: 'not checked',
    notChecked: ['the restore failed'],
  });
});

test('the first failures are named, and how many more there are', () => {
  const check = concludeCheck('rows', { detail: '', failed: ['a', 'b', 'c', 'd'], notChecked: [] });
  expect(describeFailures([check])).toBe('rows: a; rows: b; rows: c; and 1 more');
});
