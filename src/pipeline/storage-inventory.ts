import { captureRelations } from '../capture/relations.ts';
import { captureSchemaNames } from '../capture/server.ts';
import { captureInventory, type LeftOut } from '../capture/storage/inventory.ts';
import { captureListedInventory } from '../capture/storage/listed-inventory.ts';
import type { Source } from '../capture/source.ts';
import type { RunContext, Snapshot, StorageTools } from '../context.ts';
import { createStorageFilter } from '../domain/storage/filter.ts';
import { StorageError } from '../domain/storage/storage-error.ts';
import type { Mirror } from '../object-store.ts';
import { AppError } from '../errors.ts';
import { withSnapshot } from './database-archive.ts';
import { retrySource } from './retry-source.ts';
import { enterStage } from './stage.ts';

/** The Storage of one run: what it shall hold is known once `capture` has seen the snapshot. */
export interface StorageRun {
  readonly storage: StorageTools;
  /** Where the inventory comes from: without a database from the API. */
  readonly listedBy: 'database' | 'api';
  /** Throws what kept it from being opened: no reason to leave the database without a backup. */
  readonly mirror: Mirror;
  /** Reads the inventory in the snapshot, or notes why it cannot. */
  capture(snapshot: Snapshot, source: Pick<Source, 'schemas' | 'relations'>): Promise<void>;
  /** Reads the inventory as the API lists it. Throws AppError source_unreachable when it does not tell all of it. */
  captureListed(): Promise<void>;
  readonly outcome: StorageInventory;
  close(): void;
}

/** What an archive of Storage is made of. */
export type ArchivedStorage = Pick<StorageRun, 'mirror' | 'outcome' | 'listedBy'> & {
  readonly storage: Pick<StorageTools, 'store'>;
};

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

/** Reads the inventory in a snapshot of its own; or, without a database, as the API lists it. */
export async function captureStorageAlone(context: RunContext, { capture, captureListed }: StorageRun): Promise<undefined> {
  if (context.config.database === undefined) await captureListed();
  else await captureInSnapshot(context, capture);
}

async function captureInSnapshot(context: RunContext, capture: StorageRun['capture']): Promise<void> {
  enterStage(context, 'snapshot', 'Looking at the database');
  await retrySource(context, (hasBegun) =>
    withSnapshot(context, async (snapshot) => {
      hasBegun();
      await capture(snapshot, { schemas: await captureSchemaNames(snapshot), relations: await captureRelations(snapshot) });
    }),
  );
}

/** Opens the mirror; the caller closes it. Undefined where no Storage is configured. */
export function openStorageRun(context: RunContext): StorageRun | undefined {
  const { storage } = context;
  if (storage === undefined) return undefined;
  const opened = tryToOpen(storage);
  let outcome: StorageInventory = { state: 'absent' };
  return {
    storage,
    listedBy: context.config.database === undefined ? 'api' : 'database',
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
    async captureListed() {
      if ('failure' in opened) throw opened.failure;
      enterStage(context, 'inventory', 'Listing objects of Storage');
      const filter = createStorageFilter(context.config.storage!);
      const listed = captureListedInventory(context, { store: storage.store, mirror: opened.mirror, filter });
      const leftOut = await listed.catch(throwListingError);
      outcome = isSuspicious(opened.mirror, leftOut)
        ? { state: 'not readable', reason: nothingListed(opened.mirror) }
        : { state: 'captured', leftOut };
    },
  };
}

/** To the API it is no error when a key sees nothing. */
function isSuspicious(mirror: Mirror, { buckets, objects }: LeftOut): boolean {
  return buckets.length + objects.size === 0 && mirror.summary().objects === 0 && mirror.heldObjects() > 0;
}

function nothingListed(mirror: Mirror): string {
  const held = `${mirror.heldObjects().toLocaleString('en-US')} objects of earlier backups in ${mirror.directory}`;
  return `the Storage API lists no object, but there are ${held}: check the key, which may not see them; if all were removed, remove that directory`;
}

/** What was listed of it is not all that there is, so there is nothing to go on with. */
function throwListingError(error: unknown): never {
  if (!(error instanceof StorageError)) throw error;
  throw new AppError(
    'source_unreachable',
    `Storage could not be listed to the end: ${error.message.replace(/\.?$/, '.')} No archive was made; the mirror and earlier backups are as they were.`,
    {
      hint:
        error.failure === 'refused'
          ? 'Check SUPABASE_SERVICE_ROLE_KEY: it may have been replaced (Supabase: Settings, API keys). `agent doctor` tries it.'
          : 'Check SUPABASE_URL and the network (`agent doctor`), then start it again. With SUPABASE_DB_URL the list comes from the database.',
      cause: error,
      retryable: error.failure === 'transient',
    },
  );
}

function tryToOpen(storage: StorageTools): { readonly mirror: Mirror } | { readonly failure: Error } {
  try {
    return { mirror: storage.openMirror() };
  } catch (error) {
    return { failure: error as Error };
  }
}
