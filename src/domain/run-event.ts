import type { RunStatus } from './exit-code.ts';

/**
 * What a run tells of itself as a whole, and under which id the journal has it: `journalctl MESSAGE_ID=...` (docs/logs.md). The ids
 * are a contract: drawn once (`systemd-id128 new`), and never changed.
 */
export const messageIds = {
  start: '2028b9e72e4440c6aa702183797360d4',
  success: 'b61bb141468b480690eefe47491b304c',
  incomplete: '5f386ab981e543a0a846ede7e52f4b85',
  failure: '108a764bf01f4197890491a03817f3bf',
  cancelled: '4d1ff4558b9d4b2f8e25b63420b07ebb',
} as const;

export type RunEvent = keyof typeof messageIds;

/** How a run ended, for whoever tells one that a person has cancelled from one that failed. */
export type RunEnd = RunStatus | 'cancelled';

const events = {
  complete: 'success',
  incomplete: 'incomplete',
  failed: 'failure',
  cancelled: 'cancelled',
} as const satisfies Record<RunEnd, RunEvent>;

/** The event with which a run ends. */
export function outcomeEvent(outcome: RunEnd): RunEvent {
  return events[outcome];
}
