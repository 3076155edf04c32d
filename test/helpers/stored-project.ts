import { expect } from 'vitest';
import { runAgent, type AgentResult } from './agent.ts';
import type { TestRepository } from './borg.ts';
import { createTestDatabase, type TestDatabase } from './database.ts';
import { formatUrl, type TestProject } from './project.ts';
import { createInitializedProject } from './scenario.ts';
import { emptyStorage } from './empty-storage.ts';
import { startStorageServer, type StorageServer, type StorageServerOptions } from './storage-server/server.ts';

/** A project whose database has the tables of Storage, and a Storage API over them. */
export interface StoredProject {
  readonly database: TestDatabase;
  readonly storage: StorageServer;
  readonly project: TestProject;
  readonly repository: TestRepository;
  /** Runs the command with the project's env file. */
  run(...args: readonly string[]): Promise<AgentResult>;
  /** What `agent backup --json` prints. */
  backUp(...options: readonly string[]): Promise<{ readonly exitCode: number; readonly document: BackupDocument }>;
}

export interface BackupDocument {
  readonly status: string;
  readonly backupId: string;
  readonly archives: readonly { readonly name: string; readonly kind: string }[];
  readonly coverage: readonly { readonly component: string; readonly state: string; readonly detail: string }[];
  readonly warnings: readonly string[];
  readonly storage: {
    readonly objects: number;
    readonly bytes: number;
    readonly downloadedObjects: number;
    readonly downloadedBytes: number;
    readonly missing: { readonly count: number; readonly names: readonly NamedObject[] };
    readonly changed: { readonly count: number; readonly names: readonly NamedObject[] };
    readonly left: { readonly objects: number; readonly bytes: number };
  } | null;
  readonly error?: { readonly code: string; readonly message: string };
}

interface NamedObject {
  readonly bucket: string;
  readonly name: string;
  readonly reason?: string;
  readonly what?: string;
}

/** An empty Storage, and a database, that a project's TEST_ block can name. */
export async function createStorageTarget(options: Pick<StorageServerOptions, 'backend'> = {}): Promise<{
  readonly database: TestDatabase;
  readonly storage: StorageServer;
  readonly variables: Readonly<Record<string, string>>;
}> {
  const database = await createTestDatabase({ template: 'supabase' });
  await database.query(emptyStorage);
  const storage = await startStorageServer({ database: database.config, ...options });
  const variables = {
    TEST_PROJECT_NAME: 'shop-test',
    TEST_SUPABASE_DB_URL: formatUrl(database.config),
    TEST_RESTORE_ALLOWED: 'true',
    TEST_SUPABASE_URL: storage.url,
    TEST_SUPABASE_SERVICE_ROLE_KEY: storage.serviceKey,
  };
  return { database, storage, variables };
}

/** Starts with no bucket. */
export async function createStoredProject(
  variables: Readonly<Record<string, string>> = {},
  options: Pick<StorageServerOptions, 'backend'> = {},
): Promise<StoredProject> {
  const database = await createTestDatabase({ template: 'supabase' });
  await database.query(emptyStorage);
  const storage = await startStorageServer({ database: database.config, ...options });
  const keys = { SUPABASE_URL: storage.url, SUPABASE_SERVICE_ROLE_KEY: storage.serviceKey };
  const { project, repository } = await createInitializedProject({ database, variables: { ...keys, ...variables } });
  const run = (...args: readonly string[]): Promise<AgentResult> => runAgent([...args, '--env-file', project.envFile]);
  return {
    database,
    storage,
    project,
    repository,
    run,
    async backUp(...flags) {
      const result = await run('backup', '--json', ...flags);
      expect(result.stdout + result.stderr).not.toContain(storage.serviceKey);
      return { exitCode: result.exitCode, document: result.json<BackupDocument>() };
    },
  };
}
