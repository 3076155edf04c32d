import { readArchivedCatalog } from '../archive/contents.ts';
import type { RunContext } from '../context.ts';
import { parseArchiveName } from '../domain/archive-name.ts';
import type { CatalogRecord } from '../domain/catalog.ts';
import { messageOf } from '../errors.ts';

/** The backup before this one, as far as the next one asks. */
export interface PreviousBackup {
  readonly archive: string;
  readonly backupId: string;
  readonly catalog: readonly CatalogRecord[];
}

/** What came out of the search for it. */
export interface PreviousSearch {
  /** Undefined when there is none, or none that holds a catalog. */
  readonly found: PreviousBackup | undefined;
  /** Why it could not be read: nothing to end a backup for. */
  readonly warning: string | undefined;
}

/** Versions that captured no catalog are behind us: if so many in a row have none, those before them have none either. */
const searchedAtMost = 3;

/**
 * The newest of the archives that holds a catalog; `archives` are names, newest first. While Borg writes an archive nobody else may
 * read the repository, so this has to be over before. Throws only when the run is aborted.
 */
export async function findPreviousBackup(context: RunContext, archives: readonly string[]): Promise<PreviousSearch> {
  for (const archive of archives.slice(0, searchedAtMost)) {
    try {
      const catalog = await readArchivedCatalog(context, archive);
      const { backupId } = parseArchiveName(archive)!;
      if (catalog !== undefined) return { found: { archive, backupId, catalog }, warning: undefined };
    } catch (error) {
      context.signal.throwIfAborted();
      return { found: undefined, warning: `the changes since ${archive} could not be told: ${messageOf(error)}` };
    }
  }
  return { found: undefined, warning: undefined };
}
