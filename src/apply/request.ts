import type { ConnectionConfig } from '../config/project-config.ts';
import type { ArchiveSizes, CommandResult, PostgresPrograms } from '../context.ts';
import { parseSkipped } from '../domain/tolerant.ts';
import { AppError } from '../errors.ts';
import type { DumpHead } from '../domain/dump-head.ts';
import type { RestorePlan } from './plan-types.ts';

/** Everything that applying a dump needs. */
export interface ApplyRequest {
  readonly archive: string;
  readonly sizes: ArchiveSizes | undefined;
  readonly connection: ConnectionConfig;
  readonly database: string;
  /** The major version of the target's server. */
  readonly targetMajor: number;
  readonly programs: PostgresPrograms;
  /** From `clientEnvironment` of the target. */
  readonly environment: Readonly<Record<string, string>>;
  /** The run's private directory. */
  readonly directory: string;
  readonly plan: RestorePlan;
  /** The head of the dump, and how many bytes of it that is. */
  readonly head: DumpHead;
  readonly headLength: number;
  /** Columns that a table of the platform takes on the target, by schema and name; none for one that is not there. */
  readonly columnsOf: (schema: string, table: string) => readonly string[];
}

/** What of the dump is restored: options of pg_restore, none for all of it. */
export type DumpSections = readonly `--section=${'pre-data' | 'data'}`[];

export const wholeDump: DumpSections = [];

export function ownerOptions(plan: RestorePlan): string[] {
  return plan.keepOwners ? [] : ['--no-owner', '--no-privileges'];
}

/** pg_restore sets these, too, but its first line comes only when Borg has found the archive. Our own statements are in UTF-8. */
export const withoutTimeLimits: readonly string[] = [
  "SET client_encoding = 'UTF8';",
  'SET statement_timeout = 0;',
  'SET lock_timeout = 0;',
  'SET idle_in_transaction_session_timeout = 0;',
  "SELECT pg_catalog.set_config(name, '0', false) FROM pg_catalog.pg_settings WHERE name = 'transaction_timeout';",
];

/** `whatIsLeft` tells the state of the target: nothing is ever left unsaid there. */
export function restoreError(whatIsLeft: string, result: CommandResult): AppError {
  const lines = result.stderr
    .split('\n')
    .filter((line) => /error|fatal|detail|context/i.test(line) && parseSkipped(line) === undefined);
  const said =
    lines.slice(0, 4).join(' ') || (result.signal === null ? `code ${result.exitCode}` : `ended by ${result.signal}`);
  return new AppError('restore_failed', `The restore failed: ${said} ${whatIsLeft} The backup itself is unharmed.`, {
    hint: 'Mend what the message names (a missing extension, a role, room on the disk of the server), then restore again into an empty database.',
    cause: result,
  });
}
