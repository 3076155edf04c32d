import { readCatalog, type CatalogArchive } from '../archive/catalog.ts';
import type { RunContext } from '../context.ts';
import { enterStage } from './stage.ts';

export type KnownArchive = Pick<CatalogArchive, 'name' | 'kind' | 'chunkerParams'>;

/** The database archives of the project's backups and safety backups, each of them newest first; Borg is asked only if none is known. */
export async function listKnownArchives(context: RunContext): Promise<KnownArchive[]> {
  const indexed = context.state.indexedArchives();
  enterStage(context, 'catalog', 'Looking into the repository');
  const archives: readonly KnownArchive[] = indexed.length > 0 ? indexed : (await readCatalog(context)).archives;
  return archives.filter(({ kind }) => kind === 'database').toSorted((a, b) => b.name.localeCompare(a.name));
}

/** Chunks are found again only when they are cut alike: what the first archive began with stays. */
export function chunkerParamsOf(archives: readonly KnownArchive[]): string | undefined {
  return archives.map(({ chunkerParams }) => chunkerParams).find((chunkerParams) => chunkerParams !== undefined);
}
