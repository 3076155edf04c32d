import type { DrillRecord } from '../state-store.ts';
import { formatTime } from './output.ts';

export const drillWords = { complete: 'passed', incomplete: 'passed in part', failed: 'FAILED' } as const;

/** "passed", of the newest drill of a backup; empty without one. */
export function drillWord(drill: DrillRecord | undefined): string {
  return drill === undefined ? '' : drillWords[drill.status];
}

/** The same with its time, as a sentence to be put behind another one. */
export function describeDrill(drill: DrillRecord | undefined): string {
  return drill === undefined ? '' : ` Its drill of ${formatTime(drill.startedAt)} ${drillWords[drill.status]}.`;
}

export function drillDocument(drill: DrillRecord | undefined): object | null {
  return drill === undefined ? null : { status: drill.status, startedAt: drill.startedAt.toISOString() };
}
