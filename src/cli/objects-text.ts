import type { RestoreObjectsReport } from '../pipeline/restore-objects.ts';
import type { BroughtObjects } from '../pipeline/bring-objects.ts';
import { printable } from '../domain/printable.ts';
import { formatBytes, formatDuration } from './output.ts';

const shownNames = 20;

/** The plan of a dry run, or how a restore of objects ended. */
export function objectsText(report: RestoreObjectsReport): string {
  const { backupId, target, steps, objects, durationMs, status, safetyBackup, warnings } = report;
  if (objects === undefined) {
    return [
      `Restore of ${backupId} into the Storage ${target.url}: nothing was touched (dry run).`,
      'It would:',
      ...steps.map((step) => `  - ${printable(step)}`),
    ].join('\n');
  }
  return [
    `Restored objects of ${backupId} into ${target.project} (${target.url}) in ${formatDuration(durationMs)}.`,
    verdicts[status],
    ...(safetyBackup === undefined ? [] : [`What was replaced or removed, as it was before: ${safetyBackup}`]),
    ...broughtText(objects),
    ...warnings.map((warning) => printable(`Warning: ${warning}`)),
  ].join('\n');
}

const verdicts = {
  complete: 'Everything that was asked for is there.',
  incomplete: 'Not everything that was asked for is there as it was; what is not is named below.',
  failed: 'THE RESTORED OBJECTS DIFFER FROM THE BACKUP:',
} as const;

/** What became of the objects, a line each for what could not be written as it was. */
export function broughtText(objects: BroughtObjects): string[] {
  const { uploaded, uploadedBytes, equal, removed, createdBuckets, notCleaned, refused, deviations, comparison, unexplained } =
    objects;
  return [
    `Storage: ${number(uploaded)} objects with ${formatBytes(uploadedBytes)} written, ${number(equal)} were there already.`,
    ...(createdBuckets.length === 0 ? [] : [`Buckets that were made: ${createdBuckets.map(printable).join(', ')}`]),
    ...(removed === 0 ? [] : [`Removed: ${number(removed)} objects that the backup does not hold.`]),
    ...shorten(notCleaned.map((bucket) => `Nothing was removed from ${bucket}: the backup is not whole itself there.`)),
    ...shorten(refused.map(({ bucket, name, reason }) => `Not restored: ${bucket}/${name}: ${reason}`)),
    ...shorten(deviations.map((deviation) => `Not as it was: ${deviation}`)),
    `Compared by their rows: ${number(comparison.compared)} objects, ${number(comparison.equal)} equal, ${number(comparison.different)} different, ${number(comparison.missing)} missing, ${number(comparison.extra)} that the backup does not hold.`,
    ...shorten(unexplained.map((what) => `Differs, and nothing has foretold it: ${what}`)),
  ];
}

function number(count: number): string {
  return count.toLocaleString('en-US');
}

function shorten(lines: readonly string[]): string[] {
  const more = lines.length - shownNames;
  return [
    ...lines.slice(0, shownNames).map(printable),
    ...(more > 0 ? [`and ${more.toLocaleString('en-US')} more (--json names them all)`] : []),
  ];
}
