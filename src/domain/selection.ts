import type { DumpEntry } from './dump-head.ts';

/** What kind of database a restore goes into. */
export type TargetKind = 'hosted' | 'self-hosted' | 'plain';

/** A table, view or sequence as it stands on the target. */
export interface TargetRelation {
  readonly schema: string;
  readonly name: string;
  /** Whether the restoring role may act as its owner. */
  readonly owned: boolean;
  readonly insert: boolean;
  readonly update: boolean;
  readonly trigger: boolean;
  /** Whether policies may be made on it: by its owner, or where supautils lets `postgres`. */
  readonly policies: boolean;
  /** Columns that take values: none that are generated. */
  readonly columns: readonly string[];
  /** Those that are generated. */
  readonly computed?: readonly string[];
}

/** What a target allows, and what it has already. */
export interface TargetObjects {
  readonly kind: TargetKind;
  readonly superuser: boolean;
  /** Whether supautils lets the role do some of what only a superuser may: event triggers, foreign data wrappers, publications. */
  readonly privileged: boolean;
  /** Whether auth and storage have the same version as on the source: what is missing then is the user's, not the platform's. */
  readonly samePlatform: boolean;
  /** `entryKey` of everything that the target has already. */
  readonly existing: ReadonlySet<string>;
  /** Schemas of the platform in which the role may make things. */
  readonly creatable: ReadonlySet<string>;
  /** Tables, views and sequences that are there, by `relationKey`. */
  readonly relations: ReadonlyMap<string, TargetRelation>;
  /** Extensions that CREATE EXTENSION would find. */
  readonly availableExtensions: ReadonlyMap<string, string>;
  /** Extensions that are on the server and cannot be made, and why. */
  readonly refusedExtensions?: ReadonlyMap<string, string>;
}

export interface Question {
  readonly target: TargetObjects;
  /** How many rows a table had, by its object id on the source: of an empty one nothing is lost. */
  readonly rows: ReadonlyMap<string, number>;
  /** Whether the user wants it. */
  readonly asked: (entry: DumpEntry) => boolean;
  readonly byId: ReadonlyMap<string, DumpEntry>;
}

/** keep: as it is; try: its failure is borne, and named; stage: its rows go through a table of texts; skip: left out. */
export type Action = 'keep' | 'try' | 'stage' | 'skip';

/**
 * exists: the target has it; elsewhere: another step does it; unasked: nobody wants it; platform: the target keeps its own; absent:
 * the target's platform does not have it, and nothing of the user's is lost; forbidden: lost, since the target does not allow it;
 * missing: lost for want of something that a person can mend.
 */
export type Cause = 'exists' | 'elsewhere' | 'unasked' | 'platform' | 'absent' | 'forbidden' | 'missing';

/** The reason of rows that are left out because there were none: no news to anybody. */
export const hadNoRows = 'it had no rows';

export interface Decision {
  readonly entry: DumpEntry;
  readonly action: Action;
  readonly cause?: Cause;
  /** Why it is not simply kept, for people. */
  readonly reason?: string;
  /** Of rows that are restored: columns that the target's table does not have. */
  readonly lostColumns?: readonly string[];
}

export function relationKey(schema: string, name: string): string {
  return JSON.stringify([schema, name]);
}

const dataDescriptions = new Set([
  'TABLE DATA',
  'SEQUENCE SET',
  'MATERIALIZED VIEW DATA',
  'BLOBS',
  'BLOB',
  'BLOB METADATA',
  'BLOB COMMENTS',
]);

/** Whether an entry fills something instead of making it. */
export function isData({ description }: DumpEntry): boolean {
  return dataDescriptions.has(description ?? '');
}

/**
 * Of the entries that a trigger, policy or constraint needs the table that it stands on: its tag begins with it. Of `users` and
 * `users of old` it is the longer one.
 */
export function findNamedFirst({ schema, tag }: DumpEntry, needed: readonly DumpEntry[]): DumpEntry | undefined {
  const named = needed.filter((other) => other.schema === schema && (tag ?? '').startsWith(`${other.tag} `));
  return named.toSorted((a, b) => b.tag!.length - a.tag!.length)[0];
}
