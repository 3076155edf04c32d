import { readCatalog as readRepository } from '../archive/catalog.ts';
import { readArchivedCatalog } from '../archive/contents.ts';
import { contentSettings } from '../catalog/content-settings.ts';
import { readCatalog } from '../catalog/read-catalog.ts';
import type { RunContext } from '../context.ts';
import { countChanges, listChanges, type ChangeCounts } from '../domain/catalog-changes.ts';
import { diffCatalogs, type CatalogDifference } from '../domain/catalog-difference.ts';
import type { CatalogRecord } from '../domain/catalog.ts';
import { AppError } from '../errors.ts';
import { chooseBackup } from './choose-backup.ts';
import { requireDatabase } from './configured-database.ts';
import { enterStage } from './stage.ts';

/** Stands for the source as it is now. */
export const live = 'live';

export interface DiffRequest {
  /** What `chooseBackup` understands. */
  readonly from: string;
  /** The same, or `live`. */
  readonly to: string;
  /** Only what lies in one of these schemas; all when there are none. */
  readonly schemas: readonly string[];
  /** Only records of these classes; all when there are none. */
  readonly classes: readonly string[];
  /** Also what changes on its own: values of sequences, large objects. */
  readonly all: boolean;
}

export interface DiffReport {
  /** A backup's id. */
  readonly from: string;
  /** A backup's id, or `live`. */
  readonly to: string;
  readonly differences: readonly CatalogDifference[];
  readonly counts: ChangeCounts;
  /** What was asked for and is on neither side: "class tabel". */
  readonly unknown: readonly string[];
}

type Catalog = readonly CatalogRecord[];

/**
 * What differs in the definitions between two backups, or a backup and the source as it is now. Reads only.
 * Throws AppError backup_not_found, backup_incomplete for a backup that holds no catalog, source_unreachable.
 */
export async function diffBackups(context: RunContext, request: DiffRequest): Promise<DiffReport> {
  enterStage(context, 'catalog', 'Looking into the repository');
  const repository = await readRepository(context);
  const choose = (text: string) => chooseBackup(repository, context.config.project, text);
  const from = choose(request.from);
  const to = request.to === live ? undefined : choose(request.to);
  enterStage(context, 'compare', 'Reading what is compared');
  // Two Borgs that read at once would wait for each other's lock, in steps of seconds.
  const before = await readCaptured(context, from);
  const after = to === undefined ? await readLive(context) : await readCaptured(context, to);
  const isWanted = ({ schema, class: className }: CatalogRecord): boolean =>
    isAmong(request.schemas, schema) && isAmong(request.classes, className);
  const compare = request.all ? diffCatalogs : listChanges;
  const differences = compare(before.filter(isWanted), after.filter(isWanted));
  return {
    from: from.backupId,
    to: to?.backupId ?? live,
    differences,
    counts: countChanges(differences),
    unknown: findUnknown(request, [...before, ...after]),
  };
}

type ChosenBackup = ReturnType<typeof chooseBackup>;

async function readCaptured(context: RunContext, { backupId, archives, storageOnly }: ChosenBackup): Promise<Catalog> {
  const archive = archives.find(({ kind }) => kind === 'database');
  const catalog = archive === undefined ? undefined : await readArchivedCatalog(context, archive.name);
  if (catalog !== undefined) return catalog;
  const missing = storageOnly ? 'it is of Storage alone' : 'its database archive is missing';
  const why = archive === undefined ? missing : 'an earlier version of the agent has made it';
  throw new AppError('backup_incomplete', `The backup ${backupId} holds no catalog to compare: ${why}.`, {
    hint: 'Choose a newer one (`agent list`), or compare the files database/schema.sql of two archives (docs/archive-layout.md).',
  });
}

async function readLive(context: RunContext): Promise<Catalog> {
  const snapshot = await context.databases.openSnapshot(requireDatabase(context.config));
  try {
    await snapshot.query(contentSettings);
    return await readCatalog(snapshot);
  } finally {
    await snapshot.close();
  }
}

function isAmong(wanted: readonly string[], found: string | null): boolean {
  return wanted.length === 0 || (found !== null && wanted.includes(found));
}

function findUnknown({ schemas, classes }: DiffRequest, records: Catalog): string[] {
  const knownSchemas = new Set(records.map(({ schema }) => schema));
  const knownClasses = new Set(records.map((record) => record.class));
  return [
    ...schemas.filter((name) => !knownSchemas.has(name)).map((name) => `schema ${name}`),
    ...classes.filter((name) => !knownClasses.has(name)).map((name) => `class ${name}`),
  ];
}
