import type { CatalogRecord } from '../domain/catalog.ts';
import type { DumpHead } from '../domain/dump-head.ts';
import type { Manifest, Role } from '../domain/manifest.ts';
import type { RestoreScope } from '../domain/restore-scope.ts';
import type { Decision, TargetKind } from '../domain/selection.ts';
import type { TargetFacts } from './target.ts';

export interface PlanRequest {
  readonly manifest: Manifest;
  /** Undefined for a backup of a version that captured none. */
  readonly catalog: readonly CatalogRecord[] | undefined;
  readonly head: DumpHead;
  readonly target: TargetFacts;
  readonly jobs: number | undefined;
  /** What fails is skipped and named instead of ending the restore. */
  readonly allowIncomplete: boolean;
  /** Let cron jobs and webhooks act as soon as they are restored. */
  readonly enableJobs: boolean;
  readonly scope: RestoreScope;
  /** Clear the target of what is the user's before. */
  readonly clean: boolean;
}

/** Something that a restore does not do, or does in another way, and why. */
export interface PlanItem {
  /** "index my_index in schema storage" */
  readonly what: string;
  readonly why: string;
  /** The records of the catalog that will be missing or different for it: `class name`, as a comparison names them. */
  readonly explains?: readonly string[];
}

export interface RestoreScript {
  /** Before the first entry of the dump, in the transaction: roles, schemas, extensions. */
  readonly before: readonly string[];
  /** Run on every connection that restores: search path, and whether triggers fire. */
  readonly preparation: string;
  /** When all is made that holds rows, and before the rows: owners. */
  readonly between: readonly string[];
  /** When everything is there: owners, privileges, settings, jobs. */
  readonly after: readonly string[];
}

/** What a restore will do, what speaks against it, and what it leaves to the user. */
export interface RestorePlan {
  /** hosted: a Supabase project whose role is no superuser; self-hosted: one whose role is; plain: any other PostgreSQL. */
  readonly kind: TargetKind;
  readonly steps: readonly string[];
  /** Each of these forbids the restore. */
  readonly refusals: readonly string[];
  /** Each of these is something that will not come back and that can be mended; the restore goes on only when the user has said so. */
  readonly losses: readonly string[];
  /** What the target's platform does not allow, and so will not come back: named, and the exit code is 3. */
  readonly forbidden: readonly PlanItem[];
  /** How many of which kind will be created: {"table": 12, "policy": 3}. */
  readonly created: Readonly<Record<string, number>>;
  /** What is on the target and goes, because --clean was given. */
  readonly replaced: readonly string[];
  /** What the target has already or keeps of its own, and so is left as it is there. */
  readonly skipped: readonly PlanItem[];
  /** What happens outside of the transaction. */
  readonly outside: readonly string[];
  /** What a person has to do afterwards. */
  readonly manual: readonly string[];
  /** Roles of the source that the target lacks. */
  readonly missingRoles: readonly Role[];
  /** Whether owners and privileges come from the dump itself: of backups that hold no catalog. */
  readonly keepOwners: boolean;
  /** Statements that fail are skipped and named instead of ending the restore. */
  readonly tolerant: boolean;
  readonly decisions: readonly Decision[];
  readonly script: RestoreScript;
}
