import { createArchive } from '../archive/create.ts';
import { formatManifest } from '../archive/manifest-text.ts';
import { captureCatalogParts } from '../capture/catalog-parts.ts';
import { captureData, captureHistory, captureSchema, historySchema, type DumpRequest } from '../capture/dumps.ts';
import { captureRecovery } from '../capture/recovery.ts';
import { captureRolesPart } from '../capture/roles.ts';
import { countRows } from '../capture/row-counts.ts';
import { majorOf } from '../capture/server.ts';
import { inspectSource, type Source } from '../capture/source.ts';
import { contentSettings } from '../catalog/content-settings.ts';
import type { ArchiveSizes, PartSource, RunContext, Snapshot } from '../context.ts';
import { formatPartialName, type ArchiveKind } from '../domain/archive-name.ts';
import { indexCatalog } from '../domain/catalog-index.ts';
import { chooseChunkerParams } from '../domain/chunker.ts';
import { archivePaths, type Manifest, type SafetyBackupOf } from '../domain/manifest.ts';
import { chooseSearchPath } from '../domain/search-path.ts';
import { buildManifest } from './build-manifest.ts';
import { findChanges } from './catalog-changes.ts';
import { startMigrationDrift, type DriftWork } from './migration-drift.ts';
import { findPreviousBackup, type PreviousSearch } from './previous-backup.ts';
import { checkDatabaseRoom } from './repository-room.ts';
import type { RunFrame } from './run.ts';
import { requireDatabase } from './configured-database.ts';
import { enterStage, noteStage } from './stage.ts';

export interface DatabaseArchiveRequest {
  readonly backupId: string;
  /** The name that the archive is meant to have in the end. */
  readonly archive: string;
  /** As the repository's earlier archives have them; undefined for the first one. */
  readonly chunkerParams: string | undefined;
  /** Names of the project's earlier database archives, newest first. */
  readonly earlier: readonly string[];
  /** The kinds of archives that this run makes. */
  readonly runKinds: readonly ArchiveKind[];
  /** Looks at something else in the same snapshot. */
  readonly alongside?: ((snapshot: Snapshot, source: Source) => Promise<void>) | undefined;
  /** Only for a safety backup. */
  readonly safetyBackupOf?: SafetyBackupOf;
}

export interface DatabaseArchive {
  readonly manifest: Manifest;
  readonly sizes: ArchiveSizes;
}

/** Streams the database, as of one snapshot, into an archive of a provisional name. `hasBegun` is called once there is a snapshot. */
export async function archiveDatabase(
  context: RunContext,
  frame: RunFrame,
  request: DatabaseArchiveRequest,
  hasBegun: () => void,
): Promise<DatabaseArchive> {
  enterStage(context, 'snapshot', 'Looking at the database');
  // Borg takes a moment to say it, and the answer is remembered.
  context.repository.version().catch(() => undefined);
  const searching = findPreviousBackup(context, request.earlier);
  searching.catch(() => undefined);
  try {
    return await withSnapshot(context, (snapshot) => {
      hasBegun();
      return archiveSnapshot(context, frame, { ...request, snapshot, searching });
    });
  } finally {
    // Nothing of this run stays at work in its directory.
    await searching.catch(() => undefined);
  }
}

/** A session in the snapshot, told how values are written. */
export async function withSnapshot<Result>(
  context: RunContext,
  work: (snapshot: Snapshot) => Promise<Result>,
): Promise<Result> {
  const snapshot = await context.databases.openSnapshot(requireDatabase(context.config));
  try {
    await snapshot.query(contentSettings);
    return await work(snapshot);
  } finally {
    await snapshot.close();
  }
}

interface SnapshotRequest extends DatabaseArchiveRequest {
  readonly snapshot: Snapshot;
  readonly searching: Promise<PreviousSearch>;
}

async function archiveSnapshot(context: RunContext, frame: RunFrame, request: SnapshotRequest): Promise<DatabaseArchive> {
  const { snapshot } = request;
  const source = await inspectSource(snapshot);
  const roomWarnings = await checkDatabaseRoom(context, source.server.sizeBytes);
  await request.alongside?.(snapshot, source);
  const programs = await context.databases.findPrograms(majorOf(source.server));
  const environment = await context.databases.clientEnvironment(requireDatabase(context.config), frame.directory);
  const previous = await request.searching;
  const facts = { ...request, source, programs, environment, previous, roomWarnings };
  const { directory } = frame;
  const drift = await startMigrationDrift(context, { ...facts, directory, previous: previous.found });
  try {
    return await streamArchive(context, frame, { ...facts, drift });
  } finally {
    await drift.stop();
  }
}

interface StreamRequest extends DatabaseArchiveRequest, Pick<DumpRequest, 'programs' | 'environment'> {
  readonly snapshot: Snapshot;
  readonly source: Source;
  readonly previous: PreviousSearch;
  readonly roomWarnings: readonly string[];
  readonly drift: DriftWork;
}

async function streamArchive(context: RunContext, frame: RunFrame, request: StreamRequest): Promise<DatabaseArchive> {
  const { source, programs, snapshot, drift, previous } = request;
  const chunkerParams = request.chunkerParams ?? chooseChunkerParams(source.server.sizeBytes);
  const since = previous.found === undefined ? undefined : findChanges(previous.found, source.catalog);
  // Counted beside the dumps, which take longer.
  const counting = countRows(snapshot, source.relations, {
    contents: context.config.verifyContent,
    searchPath: chooseSearchPath(indexCatalog(source.catalog)),
  });
  counting.catch(() => undefined);

  enterStage(context, 'archive', 'Archiving the database', { archive: request.archive });
  let manifest: Manifest | undefined;
  const sizes = await createArchive(context, {
    name: formatPartialName(request.archive),
    directory: frame.directory,
    chunkerParams,
    parts: listParts(context, request, since?.part),
    manifest: {
      path: archivePaths.manifest,
      text: async (parts) => {
        const tools = { borg: await context.repository.version(), pgDump: programs.version, node: process.version };
        manifest = buildManifest(context, frame, {
          ...request,
          chunkerParams,
          tools,
          parts,
          counted: await counting,
          changes: since?.changes,
          drift: await drift.outcome,
          warnings: [...(previous.warning === undefined ? [] : [previous.warning]), ...request.roomWarnings],
        });
        return formatManifest(manifest);
      },
    },
  });
  noteStage(context, { bytes: sizes.originalBytes });
  return { manifest: manifest!, sizes };
}

function listParts(context: RunContext, request: StreamRequest, changes: PartSource | undefined): PartSource[] {
  const { archive, source, drift, programs, environment } = request;
  const { unreadable } = source.relations;
  const { largeObjects } = source;
  const dumpRequest: DumpRequest = {
    programs,
    environment,
    snapshotId: request.snapshot.id,
    encoding: source.server.encoding,
    unreadable,
    largeObjects,
  };
  const repository = context.repository.location;
  const hasHistory =
    source.schemas.has(historySchema) && !unreadable.some(({ schema, name }) => schema === historySchema && name === undefined);
  return [
    captureRecovery({ archive, repository, serverVersion: source.server.version, programs }),
    captureRolesPart(programs, source.server, environment),
    captureSchema(dumpRequest),
    ...captureCatalogParts(source.catalog),
    ...(changes === undefined ? [] : [changes]),
    ...(hasHistory ? [captureHistory(dumpRequest)] : []),
    captureData(dumpRequest),
    // Compared while the dump is being written.
    ...(drift.part === undefined ? [] : [drift.part]),
  ];
}
