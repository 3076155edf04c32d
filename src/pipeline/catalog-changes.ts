import type { PartSource } from '../context.ts';
import { describeCounts, listChanges, summarizeChanges } from '../domain/catalog-changes.ts';
import { formatDifference } from '../domain/catalog-difference.ts';
import type { CatalogRecord } from '../domain/catalog.ts';
import { archivePaths, type CatalogChanges } from '../domain/manifest.ts';
import type { PreviousBackup } from './previous-backup.ts';

export interface ChangesSince {
  readonly changes: CatalogChanges;
  /** All of them, to read. */
  readonly part: PartSource;
}

/** What has changed in the definitions since the previous backup. */
export function findChanges(previous: PreviousBackup, catalog: readonly CatalogRecord[]): ChangesSince {
  const differences = listChanges(previous.catalog, catalog);
  const changes = summarizeChanges(previous.backupId, differences);
  const text = `Since ${previous.backupId}: ${describeCounts(changes.counts)}.\n${formatDifference(differences)}`;
  return { changes, part: { path: archivePaths.changes, text: () => Promise.resolve(text) } };
}
