import { describeCounts, totalOf } from '../domain/catalog-changes.ts';
import type { CatalogChanges, ManifestDrift } from '../domain/manifest.ts';
import { printable } from '../domain/printable.ts';

const shownAtMost = 9;
const longestName = 100;
const signs = { missing: '-', extra: '+', different: '~' } as const;

/** What has changed since the previous backup, in at most ten lines and one that says how to see all. */
export function describeChanges(changes: CatalogChanges, backupId: string): string {
  const { missing, extra, different } = totalOf(changes.counts);
  const total = missing + extra + different;
  const shown = changes.differences.slice(0, total > shownAtMost + 1 ? shownAtMost : total);
  return [
    `Since ${changes.since}: ${describeCounts(changes.counts)}${total === 0 ? '.' : ':'}`,
    ...shown.map(({ class: className, name, kind }) => `  ${signs[kind]} ${shorten(`${className} ${name}`)}`),
    ...(total > shown.length ? [`  ... and ${(total - shown.length).toLocaleString('en-US')} more`] : []),
    ...(total === 0 ? [] : [`All of it: agent diff ${changes.since} ${backupId}`]),
  ].join('\n');
}

/** Undefined unless the schema is another one than the migrations make. */
export function describeDrift(drift: ManifestDrift, archive: string): string | undefined {
  if (drift.state !== 'drift') return undefined;
  return `Drift: ${printable(drift.detail)}.\nAs SQL: borg extract --stdout ::${archive} database/drift/migrations.sql`;
}

function shorten(text: string): string {
  const whole = printable(text);
  return whole.length <= longestName ? whole : `${whole.slice(0, longestName - 3)}...`;
}
