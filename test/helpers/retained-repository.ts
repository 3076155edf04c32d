import type { ArchiveListing, Repository, RunContext } from '../../src/context.ts';
import { parseArchiveName, type ArchiveKind } from '../../src/domain/archive-name.ts';
import type { RetentionRules } from '../../src/domain/retention.ts';
import { createLogger } from '../../src/log.ts';
import { openStateReader } from '../../src/tools/state/store.ts';
import type { StateStore } from '../../src/state-store.ts';

/** An archive of a repository that holds manifests alone. */
export interface RetainedArchive extends ArchiveListing {
  /** The text of its manifest. */
  readonly manifest: string | undefined;
}

export interface RetainedRepository {
  readonly archives: Map<string, RetainedArchive>;
  /** Deletions are all that agent and model may do; the order of the list is Borg's. */
  readonly repository: Repository;
}

export function createRetainedRepository(): RetainedRepository {
  const archives = new Map<string, RetainedArchive>();
  const repository = {
    keepTemporaryFilesIn: () => undefined,
    list: async () => [...archives.values()].map(({ name, id, hostname }) => ({ name, id, hostname })),
    readText: async (name: string) => archives.get(name)!.manifest,
    sizes: async () => ({ originalBytes: 1, deduplicatedBytes: 1 }),
    delete: async (names: readonly string[]) => {
      for (const name of names) if (!archives.delete(name)) throw new Error(`${name} is not there`);
    },
    compact: async () => undefined,
  } satisfies Partial<Repository> as unknown as Repository;
  return { archives, repository };
}

/** A state that lies in memory, made by the same statements as one on a disk. */
export function createMemoryState(): StateStore {
  const state = openStateReader('/nonexistent');
  return { ...state, acquireLock: async () => ({ release: () => undefined }) };
}

/** What retention and `prune` need of a context. */
export function createRetentionContext(options: {
  readonly project: string;
  readonly hostname: string;
  readonly repository: Repository;
  readonly rules: () => RetentionRules;
  readonly state: () => StateStore;
  readonly now: () => Date;
}): RunContext {
  const { project, hostname, repository, rules, state, now } = options;
  const nothing = (): void => undefined;
  return {
    config: {
      project,
      get retention() {
        return rules();
      },
      limits: { runMs: undefined, stallMs: undefined },
    },
    get state() {
      return state();
    },
    repository,
    hostname,
    clock: { now, monotonicMs: () => 0, sleep: async () => undefined },
    log: createLogger([]),
    signal: new AbortController().signal,
    progress: { step: nothing, bytes: nothing, end: nothing },
    metrics: { stageBegins: nothing, backupMade: nothing, runEnded: async () => undefined },
    invocation: { attended: false, takesTurns: false, id: undefined },
    files: { createWorkDirectory: async () => '/nonexistent', removeWorkDirectory: async () => undefined },
  } satisfies Partial<Record<keyof RunContext, unknown>> as unknown as RunContext;
}

/** The manifest of an archive, of which only what retention looks at is of any meaning. */
export function manifestOf(
  name: string,
  { status, runKinds }: { readonly status: 'complete' | 'incomplete'; readonly runKinds: readonly ArchiveKind[] },
): string {
  const { backupId, project, kind, startedAt } = parseArchiveName(name)!;
  const at = startedAt.toISOString();
  const common = {
    formatVersion: 1,
    kind,
    backupId,
    project,
    status,
    startedAt: at,
    finishedAt: at,
    durationMs: 1,
    agentVersion: '0.1.0',
    chunkerParams: 'buzhash,12,18,13,1023',
    coverage: [],
    warnings: [],
    runKinds,
    parts: [],
  };
  return JSON.stringify(kind === 'database' ? { ...common, ...ofDatabase } : { ...common, ...ofStorage });
}

const nothingOf = { count: 0, names: [] };
const ofDatabase = {
  tools: { borg: '1.2.4', pgDump: '15.18', node: '24.2.0' },
  server: { version: '15.18', versionNumber: 150018, database: 'postgres', sizeBytes: 1, encoding: 'UTF8', collation: 'C' },
  extensions: [],
  roles: [],
  tables: [],
  largeObjects: { count: 0 },
};
const ofStorage = {
  tools: { borg: '1.2.4', node: '24.2.0' },
  source: { url: 'https://example.org' },
  listedBy: 'database',
  totals: { buckets: 0, objects: 0, bytes: 0, downloadedObjects: 0, downloadedBytes: 0 },
  buckets: [],
  missing: nothingOf,
  changed: nothingOf,
  left: { objects: 0, bytes: 0 },
};

/** Names of archives that are easily taken for those of project shop, and are not. */
export function namesOfOthers(stamp: string): readonly string[] {
  return [
    `shop-b-${stamp}-database`,
    `shop-pre-restore-b-${stamp}-database`,
    `.partial-shop-b-${stamp}-database`,
    `myshop-${stamp}-storage`,
    `Shop-${stamp}-database`,
    `shop-${stamp}-database.by-hand`,
    `shop-${stamp}`,
    `shop-20260231T000000Z-database`,
  ];
}
