import { createArchive } from '../archive/create.ts';
import { captureCatalogParts } from '../capture/catalog-parts.ts';
import { describeCoverage } from '../capture/components.ts';
import { captureData, captureHistory, captureSchema, historySchema, type DumpRequest } from '../capture/dumps.ts';
import { captureRecovery } from '../capture/recovery.ts';
import { captureRolesPart } from '../capture/roles.ts';
import { countRows } from '../capture/row-counts.ts';
import { majorOf } from '../capture/server.ts';
import { inspectSource, type Source } from '../capture/source.ts';
import type { ArchiveSizes, PartSource, RunContext } from '../context.ts';
import { formatPartialName } from '../domain/archive-name.ts';
import { indexCatalog } from '../domain/catalog-index.ts';
import { chooseChunkerParams } from '../domain/chunker.ts';
import { statusOf } from '../domain/coverage.ts';
import { archivePaths, type Manifest, type Part, type TableRecord } from '../domain/manifest.ts';
import { chooseSearchPath } from '../domain/search-path.ts';
import type { RunFrame } from './run.ts';
import { enterStage } from './stage.ts';

export interface DatabaseArchiveRequest {
  readonly backupId: string;
  /** The name that the archive is meant to have in the end. */
  readonly archive: string;
  /** As the repository's earlier archives have them; undefined for the first one. */
  readonly chunkerParams: string | undefined;
}

/** Streams the database, as of one snapshot, into an archive of a provisional name. */
export async function archiveDatabase(
  context: RunContext,
  frame: RunFrame,
  request: DatabaseArchiveRequest,
): Promise<{ manifest: Manifest; sizes: ArchiveSizes }> {
  enterStage(context, 'snapshot', 'Looking at the database');
  const borgVersion = context.repository.version();
  borgVersion.catch(() => undefined);
  const snapshot = await context.databases.openSnapshot(context.config.database);
  try {
    const source = await inspectSource(snapshot);
    const programs = await context.databases.findPrograms(majorOf(source.server));
    const environment = await context.databases.clientEnvironment(context.config.database, frame.directory);
    const chunkerParams = request.chunkerParams ?? chooseChunkerParams(source.server.sizeBytes);
    // Counted beside the dumps, which take longer.
    const counting = countRows(snapshot, source.relations, chooseSearchPath(indexCatalog(source.catalog)));
    counting.catch(() => undefined);

    let manifest: Manifest | undefined;
    const sizes = await createArchive(context, {
      name: formatPartialName(request.archive),
      directory: frame.directory,
      chunkerParams,
      parts: listParts(context, source, { ...request, programs, environment, snapshotId: snapshot.id }),
      manifest: {
        path: archivePaths.manifest,
        text: async (parts) => {
          const tools = { borg: await borgVersion, pgDump: programs.version, node: process.version };
          manifest = buildManifest(context, frame, { ...request, source, chunkerParams, tools, parts, tables: await counting });
          return `${JSON.stringify(manifest, undefined, 2)}\n`;
        },
      },
    });
    return { manifest: manifest!, sizes };
  } finally {
    await snapshot.close();
  }
}

interface PartsRequest extends Pick<DumpRequest, 'programs' | 'environment' | 'snapshotId'> {
  readonly archive: string;
}

function listParts(context: RunContext, source: Source, request: PartsRequest): PartSource[] {
  const { archive, ...dump } = request;
  const { unreadable } = source.relations;
  const dumpRequest: DumpRequest = { ...dump, unreadable, largeObjects: source.largeObjects };
  const repository = context.repository.location;
  const hasHistory =
    source.schemas.has(historySchema) && !unreadable.some(({ schema, name }) => schema === historySchema && name === undefined);
  return [
    captureRecovery({ archive, repository, serverVersion: source.server.version, programs: dump.programs }),
    captureRolesPart(dump.programs, source.server, dump.environment),
    captureSchema(dumpRequest),
    ...captureCatalogParts(source.catalog),
    ...(hasHistory ? [captureHistory(dumpRequest)] : []),
    captureData(dumpRequest),
  ];
}

interface ManifestFacts extends DatabaseArchiveRequest {
  readonly source: Source;
  readonly chunkerParams: string;
  readonly tools: Manifest['tools'];
  readonly parts: readonly Part[];
  readonly tables: readonly TableRecord[];
}

function buildManifest(context: RunContext, frame: RunFrame, facts: ManifestFacts): Manifest {
  const { source, tables } = facts;
  const coverage = describeCoverage(source, tables);
  const finishedAt = context.clock.now();
  return {
    formatVersion: 1,
    kind: 'database',
    backupId: facts.backupId,
    project: context.config.project,
    status: statusOf(coverage),
    startedAt: frame.startedAt.toISOString(),
    finishedAt: finishedAt.toISOString(),
    durationMs: finishedAt.getTime() - frame.startedAt.getTime(),
    agentVersion: context.agentVersion,
    tools: facts.tools,
    server: source.server,
    chunkerParams: facts.chunkerParams,
    extensions: [...source.extensions],
    roles: [...source.roles],
    tables: [...tables],
    largeObjects: { count: source.largeObjects.unreadable > 0 ? 0 : source.largeObjects.count },
    parts: [...facts.parts],
    coverage,
    warnings: coverage.filter(isWarning).map(({ component, state, detail }) => `${component}: ${state} (${detail})`),
  };
}

function isWarning({ component, state }: Manifest['coverage'][number]): boolean {
  return state === 'not readable' || (component === 'storage objects' && state === 'not configured');
}
