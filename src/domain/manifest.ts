import { z } from 'zod';
import { archiveKinds } from './archive-name.ts';
import { coverageSchema } from './coverage.ts';

const extensionSchema = z.object({ name: z.string(), version: z.string(), schema: z.string() });

const membershipSchema = z.object({
  role: z.string(),
  adminOption: z.boolean(),
  /** Whether the member has the role's privileges without SET ROLE, and whether it may SET ROLE; servers before 16 have no such options. */
  inheritOption: z.boolean().optional(),
  setOption: z.boolean().optional(),
});

const roleSchema = z.object({
  name: z.string(),
  superuser: z.boolean(),
  inherit: z.boolean(),
  createRole: z.boolean(),
  createDatabase: z.boolean(),
  login: z.boolean(),
  replication: z.boolean(),
  bypassRowSecurity: z.boolean(),
  connectionLimit: z.number().int(),
  /** The roles this one is a member of. */
  memberOf: z.array(membershipSchema),
  /** `ALTER ROLE ... SET` for every database, as `name=value`. */
  settings: z.array(z.string()),
});

const tableSchema = z.object({
  schema: z.string(),
  name: z.string(),
  kind: z.enum(['table', 'materialized view']),
  /** The object id on the source, which is also how an entry of the dump's TOC names it. */
  oid: z.number().int(),
  /** Rows counted in the snapshot of the dump; null for a materialized view that was never populated. */
  rows: z.number().int().nullable(),
  /** Size on disk with indexes and TOAST, in bytes. */
  bytes: z.number().int(),
  /** Where VERIFY_CONTENT was set: the hash of all rows, and the columns that it covers. */
  contentHash: z.string().optional(),
  contentColumns: z.array(z.string()).optional(),
});

const partSchema = z.object({
  path: z.string(),
  /** Size and SHA-256 of what was archived; null for the dump, which goes past the agent straight into Borg. */
  bytes: z.number().int().nullable(),
  sha256: z.string().nullable(),
  durationMs: z.number().int(),
});

/** What was changed in the catalog since an earlier backup: missing is what that one had, extra what it had not. */
const changesSchema = z.object({
  /** The id of the earlier backup. */
  since: z.string(),
  /** By class. */
  counts: z.record(z.string(), z.object({ missing: z.number().int(), extra: z.number().int(), different: z.number().int() })),
  /** The first 200. */
  differences: z.array(z.object({ class: z.string(), name: z.string(), kind: z.enum(['missing', 'extra', 'different']) })),
  /** Whether there are more than that. */
  truncated: z.boolean(),
});

/** Whether the schema is what its migrations make. */
const migrationDriftSchema = z.object({
  state: z.enum(['none', 'drift', 'not possible']),
  /** A sentence for people. */
  detail: z.string(),
  /** How many migrations there are. */
  migrations: z.number().int(),
  /** SHA-256 of what was compared, and with what: while that is the same, so is the outcome. */
  basis: z.string(),
  /** The backup in which they really were compared. */
  comparedIn: z.string(),
});

/** What a safety backup is of, and the restore that it was made before. */
const safetySchema = z.object({
  /** The PROJECT_NAME of the target. */
  project: z.string(),
  database: z.string(),
  /** The id of the backup that was restored then. */
  restoredBackup: z.string(),
});

/** The layout of the archives that are written (docs/archive-layout.md). A new number is for what older agents would misread, and for nothing else. */
export const formatVersion = 1;

/** All that is known of the manifest of a layout that is yet to come. */
export const newerManifestSchema = z.object({
  formatVersion: z.number().int().gt(formatVersion),
  agentVersion: z.string().optional(),
});

export type NewerManifest = z.infer<typeof newerManifestSchema>;

/** What the manifest of an archive says, of whatever kind it is. */
export const commonManifestSchema = z.object({
  formatVersion: z.literal(formatVersion),
  backupId: z.string(),
  project: z.string(),
  status: z.enum(['complete', 'incomplete']),
  startedAt: z.iso.datetime(),
  finishedAt: z.iso.datetime(),
  durationMs: z.number().int(),
  agentVersion: z.string(),
  chunkerParams: z.string(),
  coverage: z.array(coverageSchema),
  warnings: z.array(z.string()),
  /** The kinds of archives that this run set out to make; absent before there was Storage. */
  runKinds: z.array(z.enum(archiveKinds)).optional(),
  /** Only in a safety backup. */
  safetyBackupOf: safetySchema.optional(),
});

/** `manifest.json`, the last file of a database archive. Readers ignore what they do not know; it is only ever extended. */
export const manifestSchema = commonManifestSchema.extend({
  kind: z.literal('database'),
  tools: z.object({ borg: z.string(), pgDump: z.string(), node: z.string() }),
  server: z.object({
    version: z.string(),
    /** As in server_version_num: 150018. */
    versionNumber: z.number().int(),
    database: z.string(),
    sizeBytes: z.number().int(),
    encoding: z.string(),
    collation: z.string(),
  }),
  extensions: z.array(extensionSchema),
  roles: z.array(roleSchema),
  tables: z.array(tableSchema),
  largeObjects: z.object({ count: z.number().int() }),
  parts: z.array(partSchema),
  /** Absent when there was no earlier backup to compare with. */
  changes: changesSchema.optional(),
  /** Absent when the project has no migrations, or MIGRATION_DRIFT is off. */
  migrationDrift: migrationDriftSchema.optional(),
});

export type Manifest = z.infer<typeof manifestSchema>;
export type Extension = z.infer<typeof extensionSchema>;
export type Membership = z.infer<typeof membershipSchema>;
export type Role = z.infer<typeof roleSchema>;
export type TableRecord = z.infer<typeof tableSchema>;
export type Part = z.infer<typeof partSchema>;
export type CatalogChanges = z.infer<typeof changesSchema>;
export type SafetyBackupOf = z.infer<typeof safetySchema>;
export type ManifestDrift = z.infer<typeof migrationDriftSchema>;

/** Where things lie in an archive. The layout is a contract: docs/archive-layout.md. */
export const archivePaths = {
  recovery: 'RECOVERY.md',
  roles: 'database/roles.sql',
  schema: 'database/schema.sql',
  history: 'database/history.sql',
  dump: 'database/full.dump',
  /** A directory. */
  catalog: 'database/catalog',
  changes: 'database/drift/changes.diff',
  migrationDrift: 'database/drift/migrations.sql',
  manifest: 'manifest.json',
} as const;
