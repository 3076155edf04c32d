import type { Alert, MessageEvent } from './alert.ts';

/** ntfy makes an attachment of more than 4096 bytes. */
const longestText = 1200;
const shownComponents = 10;

/** One line of ASCII: project names hold nothing else. */
export function titleOf(alert: Alert, event: MessageEvent): string {
  const what = alert.run?.command === 'verify' ? 'verification' : (alert.run?.command ?? 'backup');
  const titles: Readonly<Record<MessageEvent, string>> = {
    failure: alert.run === undefined ? 'a run failed' : `${what} failed`,
    incomplete: `${what} is incomplete`,
    recovered: `${what} is good again`,
    success: `${what} is good`,
    late: 'backup is late',
    start: `${what} begins`,
    test: 'test of the alerts',
  };
  return `${alert.project}: ${titles[event]}`;
}

/** What happened, what is still there, and what to do, in a few lines for somebody who was woken by it. */
export function textOf(alert: Alert, event: MessageEvent): string {
  const { run, error, reason, notCaptured, lastComplete } = alert;
  return [
    ...(event === 'test' ? ['This is only a test: alerts of this project arrive here.'] : []),
    ...(reason === undefined ? [] : [clean(reason)]),
    ...(error === undefined ? [] : [`Error: ${clean(error.message)}`, `Try: ${clean(error.hint)}`]),
    ...(notCaptured.length === 0 ? [] : [`Not in the backup: ${describeComponents(notCaptured)}.`]),
    ...(run === undefined ? [] : describeRun(run)),
    ...describeLast(alert, event, lastComplete),
    `Host: ${clean(alert.hostname)}`,
  ].join('\n');
}

function describeRun(run: NonNullable<Alert['run']>): string[] {
  const took = run.durationMs === undefined ? '' : `, took ${formatSeconds(run.durationMs)}`;
  const code = run.exitCode === undefined ? '' : `, exit code ${run.exitCode}`;
  const id = run.backupId === undefined ? '' : ` ${run.backupId}`;
  return [`Run: ${run.command}${id}, started at ${formatTime(run.startedAt)}${took}${code}`];
}

function describeLast({ run }: Alert, event: MessageEvent, last: Alert['lastComplete']): string[] {
  if (event === 'start' || event === 'test') return [];
  if (run?.command === 'backup' && run.status === 'complete') return [];
  if (last === undefined) return ['There is no complete backup yet.'];
  return [`Last complete backup: ${last.backupId} (${formatTime(last.startedAt)})`];
}

function describeComponents(components: readonly string[]): string {
  const shown = components.slice(0, shownComponents).map(clean).join(', ');
  const rest = components.length - shownComponents;
  return rest > 0 ? `${shown}, and ${rest} more` : shown;
}

/** Control characters can play tricks on whoever shows the text. */
function clean(text: string): string {
  const plain = text.replaceAll(/\s+/g, ' ').replaceAll(/[\p{Cc}\p{Cf}]/gu, '');
  return plain.length > longestText ? `${plain.slice(0, longestText).toWellFormed()}...` : plain;
}

function formatSeconds(ms: number): string {
  const seconds = Math.round(ms / 1000);
  return seconds < 120 ? `${seconds} s` : `${Math.round(seconds / 60)} min`;
}

function formatTime(date: Date): string {
  return `${date.toISOString().slice(0, 19).replace('T', ' ')} UTC`;
}
