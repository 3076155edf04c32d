import type { Command } from 'commander';
import { describeCounts } from '../../domain/catalog-changes.ts';
import type { CatalogChanges, Manifest } from '../../domain/manifest.ts';
import { showBackup, type BackupDetails, type ShownArchive } from '../../pipeline/show.ts';
import { describeDrill, drillDocument } from '../drill-record.ts';
import { describeCoverage, describeSafety, describeSizes, describeStorage } from '../storage-text.ts';
import { printable } from '../../domain/printable.ts';
import { formatBytes, formatDuration, formatTable, formatTime } from '../output.ts';
import { createCommand, withContext, type CommonOptions, type Shell } from '../shell.ts';

export function showCommand(shell: Shell): Command {
  return createCommand('show', 'Show what a backup holds: tables with rows, coverage, server, tools, parts.', [
    'agent show latest',
    'agent show 20261121',
    'agent show prod-20261121T020000Z --json',
  ])
    .argument('<backup>', '`latest`, a backup id, the name of an archive, or a unique beginning of an id or of its time')
    .action(async (selector: string, options: CommonOptions) => {
      await withContext(shell, options, async (context) => {
        const details = await showBackup(context, selector);
        shell.output.result(toDocument(details), () => toText(details));
      });
    });
}

function toDocument({ backup, drill, database, storage }: BackupDetails): object {
  return {
    command: 'show',
    status: 'complete',
    project: (database ?? storage)?.manifest.project ?? null,
    backupId: backup.backupId,
    drill: drillDocument(drill),
    archive: database === undefined ? null : describeArchive(database.archive),
    manifest: database?.manifest ?? null,
    storage: storage === undefined ? null : { archive: describeArchive(storage.archive), manifest: storage.manifest },
  };
}

function describeArchive({ name, kind, sizes }: ShownArchive<unknown>['archive']): object {
  return {
    name,
    kind,
    originalBytes: sizes?.originalBytes ?? null,
    deduplicatedBytes: sizes?.deduplicatedBytes ?? null,
  };
}

function toText({ backup, drill, database, storage }: BackupDetails): string {
  return [
    `Backup ${backup.backupId} is ${backup.status}.${describeDrill(drill)}`,
    ...(database === undefined ? [] : [describeDatabase(database)]),
    ...(storage === undefined ? [] : [describeStorage(storage)]),
  ].join('\n\n');
}

function describeDatabase(shown: ShownArchive<Manifest>): string {
  const { manifest } = shown;
  return [
    formatTable(['', ''], describeFacts(shown)).trimStart(),
    '',
    describeCoverage(manifest),
    '',
    describeTables(manifest),
    ...(manifest.changes === undefined ? [] : ['', describeCatalogChanges(manifest.changes)]),
    '',
    describeParts(manifest),
    ...manifest.warnings.map((warning) => `\nWarning: ${printable(warning)}`),
  ].join('\n');
}

function describeFacts({ archive, manifest }: ShownArchive<Manifest>): string[][] {
  const { server, tools } = manifest;
  const extensions = manifest.extensions.map(({ name, version, schema }) => `${name} ${version} (${schema})`);
  return [
    ['Archive', archive.name],
    ...describeSafety(manifest),
    ['Started', `${formatTime(new Date(manifest.startedAt))}, took ${formatDuration(manifest.durationMs)}`],
    ['Size', describeSizes(archive)],
    ['Server', `PostgreSQL ${server.version}, ${server.encoding}, ${server.collation}`],
    ['Database', `${server.database}, ${formatBytes(server.sizeBytes)} on the server`],
    ['Tools', `agent ${manifest.agentVersion}, borg ${tools.borg}, pg_dump ${tools.pgDump}, node ${tools.node}`],
    ['Extensions', extensions.join(', ') || 'none'],
    ['Roles', manifest.roles.map(({ name }) => name).join(', ')],
    ['Large objects', String(manifest.largeObjects.count)],
    ['Chunker', manifest.chunkerParams],
  ];
}

/** Largest first. */
function describeTables({ tables }: Manifest): string {
  if (tables.length === 0) return 'It holds no table.';
  const rows = tables
    .toSorted((a, b) => b.bytes - a.bytes || a.oid - b.oid)
    .map(({ schema, name, kind, rows: count, bytes }) => [
      `${schema}.${name}`,
      kind,
      count === null ? 'not counted' : count.toLocaleString('en-US'),
      formatBytes(bytes),
    ]);
  return formatTable(['TABLE', 'KIND', 'ROWS', 'ON THE SERVER'], rows, [2, 3]);
}

function describeCatalogChanges({ since, counts }: CatalogChanges): string {
  const head = `Since ${since}: ${describeCounts(counts)}.`;
  if (Object.keys(counts).length === 0) return head;
  const rows = Object.entries(counts).map(([name, { extra, missing, different }]) => [
    name,
    ...[extra, missing, different].map((count) => count.toLocaleString('en-US')),
  ]);
  return `${head}\n\n${formatTable(['CLASS', 'ADDED', 'REMOVED', 'CHANGED'], rows, [1, 2, 3])}`;
}

function describeParts({ parts }: Manifest): string {
  const rows = parts.map(({ path, bytes, durationMs, sha256 }) => [
    path,
    bytes === null ? 'streamed' : formatBytes(bytes),
    formatDuration(durationMs),
    sha256?.slice(0, 16) ?? '',
  ]);
  return formatTable(['PART', 'SIZE', 'TIME', 'SHA-256'], rows, [1, 2]);
}
