import type { Coverage } from '../domain/coverage.ts';
import type { SafetyBackupOf } from '../domain/manifest.ts';
import type { StorageManifest } from '../domain/storage/manifest.ts';
import type { ShownArchive } from '../pipeline/show.ts';
import { printable } from '../domain/printable.ts';
import { formatBytes, formatDuration, formatTable, formatTime } from './output.ts';

const shownNames = 20;

/** What `agent show` tells of a storage archive. */
export function describeStorage({ archive, manifest }: ShownArchive<StorageManifest>): string {
  const { totals, tools, missing, changed } = manifest;
  const facts = [
    ['Archive', archive.name],
    ...describeSafety(manifest),
    ['Started', `${formatTime(new Date(manifest.startedAt))}, took ${formatDuration(manifest.durationMs)}`],
    ['Size', describeSizes(archive)],
    ['Source', `${manifest.source.url}, listed by ${manifest.listedBy === 'api' ? 'its API' : 'the database'}`],
    ['Objects', `${totals.objects.toLocaleString('en-US')} with ${formatBytes(totals.bytes)}`],
    ['Downloaded', `${totals.downloadedObjects.toLocaleString('en-US')} with ${formatBytes(totals.downloadedBytes)}`],
    ['Tools', `agent ${manifest.agentVersion}, borg ${tools.borg}, node ${tools.node}`],
  ];
  const buckets = manifest.buckets.map(({ id, objects, bytes, missing: lost }) => [
    printable(id),
    objects.toLocaleString('en-US'),
    formatBytes(bytes),
    lost === 0 ? '' : lost.toLocaleString('en-US'),
  ]);
  return [
    formatTable(['', ''], facts).trimStart(),
    '',
    describeCoverage(manifest),
    '',
    buckets.length === 0 ? 'It holds no bucket.' : formatTable(['BUCKET', 'OBJECTS', 'SIZE', 'MISSING'], buckets, [1, 2, 3]),
    ...listNames(
      'Missing',
      missing.count,
      missing.names.map(({ bucket, name, reason }) => `${bucket}/${name}: ${reason}`),
    ),
    ...listNames(
      'Not as in the snapshot',
      changed.count,
      changed.names.map(({ bucket, name, what }) => `${bucket}/${name}: ${what}`),
    ),
    ...manifest.warnings.map((warning) => `\nWarning: ${printable(warning)}`),
  ].join('\n');
}

export function describeSafety({ safetyBackupOf: of }: { readonly safetyBackupOf?: SafetyBackupOf | undefined }): string[][] {
  if (of === undefined) return [];
  return [['Safety backup', printable(`of ${of.project} (${of.database}), before ${of.restoredBackup} was restored there`)]];
}

export function describeCoverage({ coverage }: { readonly coverage: readonly Coverage[] }): string {
  return formatTable(
    ['COMPONENT', 'STATE', 'DETAIL'],
    coverage.map(({ component, state, detail }) => [component, state, printable(detail)]),
  );
}

export function describeSizes({ sizes }: ShownArchive<unknown>['archive']): string {
  if (sizes === undefined) return 'unknown';
  return `${formatBytes(sizes.originalBytes)}, deduplicated ${formatBytes(sizes.deduplicatedBytes)}`;
}

function listNames(title: string, count: number, names: readonly string[]): string[] {
  if (count === 0) return [];
  const shown = names.slice(0, shownNames).map((name) => `  - ${printable(name)}`);
  return [
    '',
    `${title}:`,
    ...shown,
    ...(count > shown.length ? [`  and ${(count - shown.length).toLocaleString('en-US')} more`] : []),
  ];
}
