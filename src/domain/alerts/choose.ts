import type { RunStatus } from '../exit-code.ts';
import type { Alert, AlertEvent, AlertKind, MessageEvent } from './alert.ts';

/** What the end of a run is, the most telling name first. `troubled`: the one before did not end well, or a backup was late. */
export function eventsOfEnd(status: RunStatus, troubled: boolean): readonly AlertEvent[] {
  if (status === 'failed') return ['failure'];
  if (status === 'incomplete') return ['incomplete'];
  return troubled ? ['recovered', 'success'] : ['success'];
}

/** As what an alert goes over one of the ways; undefined where nobody there wants it. */
export function chooseEvent(
  way: { readonly kind: AlertKind; readonly on: readonly AlertEvent[] },
  alert: Alert,
): MessageEvent | undefined {
  if (alert.events.includes('test')) return 'test';
  if (way.kind === 'ping') return choosePing(alert);
  return alert.events.find((event) => event !== 'start' && event !== 'test' && way.on.includes(event));
}

/**
 * A ping says when runs begin and how they end: what is late its server finds out by itself. Of verifications it is told
 * only that they failed: a good one must not stand in for a backup that never came.
 */
function choosePing({ events, run }: Alert): MessageEvent | undefined {
  if (events.includes('failure')) return 'failure';
  if (run?.command !== 'backup' || events.includes('late')) return undefined;
  return events[0];
}
