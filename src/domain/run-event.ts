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
} as const;

export type RunEvent = keyof typeof messageIds;

const events = { complete: 'success', incomplete: 'incomplete', failed: 'failure' } as const satisfies Record<
  RunStatus,
  RunEvent
>;

/** The event with which a run of this status ends. */
export function outcomeEvent(status: RunStatus): RunEvent {
  return events[status];
}
