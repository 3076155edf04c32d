import type { DrillCheckState } from '../domain/drill/check.ts';
import { printable } from '../domain/printable.ts';
import type { DrillReport } from '../pipeline/drill.ts';
import { formatDuration, formatTable } from './output.ts';

const shown = 20;

const words: Readonly<Record<DrillCheckState, string>> = { passed: 'passed', failed: 'FAILED', 'not checked': 'NOT CHECKED' };

const verdicts = {
  complete: 'passed: everything that was restored is as it was captured.',
  incomplete: 'found nothing wrong, but NOT ALL COULD BE CHECKED here; what could not is named below.',
  failed: 'FAILED: what came back is not what was captured.',
} as const;

/** How a drill ended, for people: a line for each check, and then by name what failed and what could not be looked at. */
export function drillText(report: DrillReport): string {
  const { backupId, status, checks, durationMs } = report;
  return [
    `The drill of ${backupId} ${verdicts[status]}`,
    '',
    formatTable(
      ['CHECK', 'RESULT', 'OF'],
      checks.map(({ name, state, detail }) => [name, words[state], detail]),
    ),
    '',
    ...checks.flatMap(({ name, failed }) => list(failed.map((what) => `FAILED, ${name}: ${what}`))),
    ...checks.flatMap(({ name, notChecked }) => list(notChecked.map((what) => `Not checked, ${name}: ${what}`))),
    ...describeTime(report),
    `The drill took ${formatDuration(durationMs)}. Nothing of it is left.`,
    ...report.warnings.map((warning) => printable(`Warning: ${warning}`)),
  ].join('\n');
}

/** Nothing of a restore that did not come to its end. */
function describeTime({ restoreMs, storageMs, serverVersion }: DrillReport): string[] {
  if (restoreMs === undefined && (serverVersion !== undefined || storageMs === undefined)) return [];
  const ofDatabase = restoreMs === undefined ? [] : [`${formatDuration(restoreMs)} for the database`];
  const ofStorage = storageMs === undefined ? [] : [`${formatDuration(storageMs)} to read the objects of Storage`];
  const server = serverVersion === undefined ? '' : `, with PostgreSQL ${serverVersion}`;
  return [
    `A restore of this backup takes on this machine about ${[...ofDatabase, ...ofStorage].join(', and ')}${server}. Over a network it takes longer.`,
  ];
}

function list(lines: readonly string[]): string[] {
  const more = lines.length - shown;
  return [...lines.slice(0, shown).map(printable), ...(more > 0 ? [`  and ${more} more: --json names them all`] : [])];
}
