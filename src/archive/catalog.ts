import type { ArchiveListing, ArchiveSizes, RunContext } from '../context.ts';
import type { IndexedArchive } from '../state-store.ts';
import { ownerOf, parseArchiveName, parsePartialName, type ArchiveKind, type ArchiveName } from '../domain/archive-name.ts';
import { isDamage } from '../errors.ts';
import { readAnyManifest } from './verify.ts';

/** A finished archive of this project, or of a safety backup that lies in its repository. */
export interface CatalogArchive {
  readonly archiveId: string;
  readonly name: string;
  readonly kind: ArchiveKind;
  /** 'unknown' when its manifest cannot be read. */
  readonly status: 'complete' | 'incomplete' | 'unknown';
  readonly chunkerParams: string | undefined;
  readonly sizes: ArchiveSizes | undefined;
  /** The kinds of archives that its run set out to make. */
  readonly runKinds: readonly ArchiveKind[];
}

export interface Catalog {
  /** Oldest first. */
  readonly archives: readonly CatalogArchive[];
  /** Archives that runs of this project on this host have left unfinished. */
  readonly leftovers: readonly string[];
}

/** An archive whose manifest need not be read, since it has just been written. */
export type FreshArchive = Omit<IndexedArchive, 'archiveId'>;

/**
 * What the repository holds of this project. Borg is asked once; what an archive's manifest says is remembered in the index,
 * so that only archives that are new to this machine have to be opened.
 */
export async function readCatalog(context: RunContext, fresh: readonly FreshArchive[] = []): Promise<Catalog> {
  const listing = await context.repository.list();
  const { project } = context.config;
  const ours = listing.filter(({ name }) => isOf(project, parseArchiveName(name)));
  const index = new Map(context.state.indexedArchives().map((archive) => [archive.archiveId, archive]));
  const written = new Map(fresh.map((archive) => [archive.name, archive]));
  const archives: CatalogArchive[] = [];
  for (const archive of ours) {
    archives.push(
      index.get(archive.id) ??
        (written.has(archive.name)
          ? remember(context, archive, written.get(archive.name)!)
          : await indexArchive(context, archive)),
    );
  }
  const present = new Set(ours.map(({ id }) => id));
  context.state.forgetArchives([...index.keys()].filter((id) => !present.has(id)));
  return { archives, leftovers: findLeftovers(listing, project, context.hostname) };
}

async function indexArchive(context: RunContext, archive: ArchiveListing): Promise<CatalogArchive> {
  const { name, id: archiveId } = archive;
  const kind = parseArchiveName(name)!.kind;
  try {
    // One after the other: two Borgs that reach for the lock at the same moment wait for each other, for seconds.
    const { status, chunkerParams, runKinds = ['database'] } = await readAnyManifest(context, name);
    const sizes = await context.repository.sizes(name);
    return remember(context, archive, { name, kind, status, chunkerParams, sizes, runKinds });
  } catch (error) {
    if (!isDamage(error)) throw error;
    return { archiveId, name, kind, status: 'unknown', chunkerParams: undefined, sizes: undefined, runKinds: [kind] };
  }
}

function remember(context: RunContext, { id }: ArchiveListing, archive: FreshArchive): IndexedArchive {
  const indexed = { ...archive, archiveId: id };
  context.state.indexArchive(indexed);
  return indexed;
}

/** Only what this host wrote: an unfinished archive of another host may be a run that is going on there right now. */
function findLeftovers(listing: readonly ArchiveListing[], project: string, hostname: string): string[] {
  return listing
    .filter((archive) => isOf(project, parsePartialName(archive.name)) && archive.hostname === hostname)
    .map(({ name }) => name);
}

function isOf(project: string, name: ArchiveName | undefined): boolean {
  return name !== undefined && ownerOf(name.project) === project;
}
