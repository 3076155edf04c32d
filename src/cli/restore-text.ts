import type { RestoreReport } from '../pipeline/restore.ts';
import { comparisonText } from './comparison-text.ts';
import { broughtText } from './objects-text.ts';
import { printable } from '../domain/printable.ts';
import { formatDuration } from './output.ts';

/** The plan of a dry run, or how a restore ended. */
export function restoreText(report: RestoreReport): string {
  return report.comparison === undefined ? planText(report) : resultText(report, report.comparison);
}

function planText({ backupId, target, plan }: RestoreReport): string {
  return [
    `Restore of ${backupId} into ${target.project}: nothing was touched (dry run).`,
    ...list('It would:', plan.steps),
    ...list('It would create:', countItems(plan.created)),
    ...list('It would remove first:', plan.replaced),
    ...list('It would leave alone:', groupItems(plan.skipped)),
    ...list('Outside of the transaction:', plan.outside),
    ...list('It is not possible:', plan.refusals),
    ...list('It needs --allow-incomplete, because this would be lost:', plan.losses),
    ...list('This would not come back, since the target does not allow it:', plan.forbidden.map(itemText)),
    ...list('Afterwards you would have to:', plan.manual),
  ].join('\n');
}

function itemText({ what, why }: { readonly what: string; readonly why: string }): string {
  return `${what}: ${why}`;
}

const shownOfGroup = 3;

/** A platform keeps dozens of things for the same reason; --json names them all. */
function groupItems(items: RestoreReport['plan']['skipped']): string[] {
  return [...Map.groupBy(items, ({ why }) => why)].map(([why, group]) => {
    const more = group.length - shownOfGroup;
    const named = group.slice(0, shownOfGroup).map(({ what }) => what);
    return `${named.join('; ')}${more > 0 ? `; and ${more} more` : ''}: ${why}`;
  });
}

function countItems(created: RestoreReport['plan']['created']): string[] {
  const counts = Object.entries(created).toSorted(([a], [b]) => (a < b ? -1 : 1));
  return counts.length === 0 ? [] : [counts.map(([kind, count]) => `${count} ${kind}`).join(', ')];
}

function list(title: string, entries: readonly string[]): string[] {
  return entries.length === 0 ? [] : [title, ...entries.map((entry) => `  - ${printable(entry)}`)];
}

function resultText(report: RestoreReport, comparison: NonNullable<RestoreReport['comparison']>): string {
  const { backupId, target, plan, skipped, status } = report;
  return [
    `Restored ${backupId} into ${target.project} (${target.database}, ${plan.kind}) in ${formatDuration(report.durationMs)}.`,
    verdicts[status],
    ...(report.safetyBackup === undefined ? [] : [`The target as it was before: ${report.safetyBackup}`]),
    ...list('Differences that nothing has foretold:', report.unexplained),
    ...comparisonText(comparison),
    ...(report.objects === undefined ? [] : broughtText(report.objects)),
    ...report.warnings.filter((warning) => !plan.manual.includes(warning)).map((warning) => `Warning: ${warning}`),
    ...[
      ...plan.losses.map((loss) => `Not restored: ${loss}`),
      ...plan.forbidden.map((item) => `Not restored: ${itemText(item)}`),
      ...skipped.map((statement) => `Refused by the target: ${statement}`),
      ...plan.manual.map((step) => `To do: ${step}`),
    ].map(printable),
  ].join('\n');
}

const verdicts = {
  complete: 'Everything that the backup holds is there.',
  incomplete: 'Not everything that the backup holds is there; what is missing is named below.',
  failed: 'THE RESTORED DATABASE DIFFERS FROM THE BACKUP:',
} as const;
