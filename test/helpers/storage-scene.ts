import { Secret } from '../../src/config/project-config.ts';
import type { RunContext } from '../../src/context.ts';
import type { ObjectStore } from '../../src/object-store.ts';
import { createObjectStore } from '../../src/tools/supabase/object-store.ts';
import type { TimeLimits } from '../../src/tools/supabase/transport.ts';
import { createTestRepository } from './borg.ts';
import { whenTestEnds } from './cleanup.ts';
import { createTestContext } from './context.ts';
import { createTestDatabase, type TestDatabase } from './database.ts';
import { emptyStorage } from './empty-storage.ts';
import { startStorageServer, type StorageServer } from './storage-server/server.ts';

/** A Storage API that holds nothing yet, and what captures it, without a command around it. */
export interface StorageScene {
  readonly database: TestDatabase;
  readonly server: StorageServer;
  readonly store: ObjectStore;
  readonly context: RunContext;
}

export async function createStorageScene(limits: Partial<TimeLimits> = {}): Promise<StorageScene> {
  const database = await createTestDatabase({ template: 'supabase' });
  await database.query(emptyStorage);
  const server = await startStorageServer({ database: database.config });
  const store = createObjectStore({
    url: server.url,
    key: new Secret(server.serviceKey),
    concurrency: 4,
    agentVersion: '0',
    clock: { now: () => new Date() },
    limits,
  });
  whenTestEnds(() => store.close());
  const context = await createTestContext({ database, repository: await createTestRepository() });
  return { database, server, store, context };
}
