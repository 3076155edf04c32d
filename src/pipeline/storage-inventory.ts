import { captureRelations } from '../capture/relations.ts';
import { captureSchemaNames } from '../capture/server.ts';
import { captureInventory, type LeftOut } from '../capture/storage/inventory.ts';
import type { Source } from '../capture/source.ts';
import type { RunContext, Snapshot, StorageTools } from '../context.ts';
import { createStorageFilter } from '../domain/storage/filter.ts';
import type { Mirror } from '../object-store.ts';
import { AppError } from '../errors.ts';
import { withSnapshot } from './database-archive.ts';
import { enterStage } from './stage.ts';

/** The Storage of one run: what it shall hold is known once `capture` has seen the snapshot. */
export interface StorageRun {
  readonly storage: StorageTools;
  /** Throws what kept it from being opened: no reason to leave the database without a backup. */
  readonly mirror: Mirror;
  /** Reads the inventory, or notes why it cannot. */
  capture(snapshot: Snapshot, source: Pick<Source, 'schemas' | 'relations'>): Promise<void>;
  readonly outcome: StorageInventory;
  close(): void;
}

/** What an archive of Storage is made of. */
export type ArchivedStorage = Pick<StorageRun, 'mirror' | 'outcome'> & { readonly storage: Pick<StorageTools, 'store'> };

export type StorageInventory =
  | { readonly state: 'captured'; readonly leftOut: LeftOut }
  /** There are no tables of Storage in this database, or nobody has looked yet. */
  | { readonly state: 'absent' }
  | { readonly state: 'not readable'; readonly reason: string };

/** Throws AppError configuration when Storage is not configured. */
export function requireStorage({ storage }: Pick<RunContext, 'storage'>): void {
  if (storage !== undefined) return;
  throw new AppError('configuration', 'Storage is not configured.', {
    hint: 'Put SUPABASE_URL (or SUPABASE_PROJECT_REF) and SUPABASE_SERVICE_ROLE_KEY into the env file.',
  });
}

/** Reads the inventory in a snapshot of its own. */
export async function captureStorageAlone(context: RunContext, { capture }: StorageRun): Promise<undefined> {
  enterStage(context, 'snapshot', 'Looking at the database');
  await withSnapshot(context, async (snapshot) => {
    await capture(snapshot, { schemas: await captureSchemaNames(snapshot), relations: await captureRelations(snapshot) });
  });
}

/** Opens the mirror; the caller closes it. Undefined where no Storage is configured. */
export function openStorageRun(context: RunContext): StorageRun | undefined {
  const { storage } = context;
  if (storage === undefined) return undefined;
  const opened = tryToOpen(storage);
  let outcome: StorageInventory = { state: 'absent' };
  return {
    storage,
    get mirror() {
      if ('failure' in opened) throw opened.failure;
      return opened.mirror;
    },
    close() {
      if ('mirror' in opened) opened.mirror.close();
    },
    get outcome() {
      return outcome;
    },
    async capture(snapshot, { schemas, relations }) {
      if ('failure' in opened) return;
      const unreadable = relations.unreadable.find(
        ({ schema, name }) => schema === 'storage' && (name === undefined || name === 'objects' || name === 'buckets'),
      );
      if (unreadable !== undefined) {
        outcome = { state: 'not readable', reason: unreadable.reason };
        return;
      }
      const tables = new Set(relations.tables.filter(({ schema }) => schema === 'storage').map(({ name }) => name));
      if (!schemas.has('storage') || !tables.has('objects') || !tables.has('buckets')) return;
      enterStage(context, 'inventory', 'Listing objects of Storage');
      outcome = {
        state: 'captured',
        leftOut: await captureInventory(snapshot, opened.mirror, createStorageFilter(context.config.storage!)),
      };
    },
  };
}

function tryToOpen(storage: StorageTools): { readonly mirror: Mirror } | { readonly failure: Error } {
  try {
    return { mirror: storage.openMirror() };
  } catch (error) {
    return { failure: error as Error };
  }
}
