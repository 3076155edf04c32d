import { expect, test } from 'vitest';
import {
  exitCodeFor,
  exitCodeForStatus,
  exitCodes,
  worstExitCode,
  type ErrorCode,
  type ExitCode,
} from '../../../src/domain/exit-code.ts';

/** The contract of the README: an entry may be added, none may change. */
const contract = {
  failed: 1,
  usage: 2,
  configuration: 2,
  tool_missing: 2,
  tool_failed: 1,
  dump_failed: 1,
  restore_failed: 1,
  backup_not_found: 2,
  backup_incomplete: 2,
  target_refused: 2,
  prune_refused: 1,
  repository_exists: 2,
  repository_missing: 10,
  repository_failed: 1,
  locked: 11,
  repository_locked: 11,
  passphrase_wrong: 12,
  source_unreachable: 20,
  target_unreachable: 20,
  no_space: 21,
  timed_out: 1,
  verification_failed: 22,
  comparison_failed: 22,
  interrupted: 130,
  cancelled: 130,
} as const satisfies Record<ErrorCode, number>;

test.each(Object.entries(contract))('%s ends with %d', (code, exitCode) => {
  expect(exitCodeFor(code as ErrorCode)).toBe(exitCode);
});

test('the exit codes are a contract', () => {
  expect(exitCodes).toEqual({
    ok: 0,
    failed: 1,
    usage: 2,
    incomplete: 3,
    noRepository: 10,
    locked: 11,
    wrongPassphrase: 12,
    sourceUnreachable: 20,
    noSpace: 21,
    verificationFailed: 22,
    interrupted: 130,
  });
});

test.each([
  ['complete', 0],
  ['incomplete', 3],
  ['failed', 1],
] as const)('a run that ended %s ends with %d', (status, exitCode) => {
  expect(exitCodeForStatus(status)).toBe(exitCode);
});

test('of several projects the worst one counts, in whatever order they come', () => {
  const order: readonly ExitCode[] = [130, 22, 21, 12, 10, 2, 1, 20, 3, 11, 0];
  expect(new Set(order)).toEqual(new Set(Object.values(exitCodes)));
  for (const [place, code] of order.entries()) {
    const better = order.slice(place);
    expect(worstExitCode(better)).toBe(code);
    expect(worstExitCode(better.toReversed())).toBe(code);
  }
  expect(worstExitCode([])).toBe(0);
});
