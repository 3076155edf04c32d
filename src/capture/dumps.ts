import type { PartSource, PostgresPrograms } from '../context.ts';
import { archivePaths } from '../domain/manifest.ts';
import type { LargeObjects } from './large-objects.ts';
import type { Unreadable } from './relations.ts';

export interface DumpRequest {
  readonly programs: PostgresPrograms;
  /** From `clientEnvironment`. */
  readonly environment: Readonly<Record<string, string>>;
  readonly snapshotId: string;
  /** Of the database. */
  readonly encoding: string;
  readonly unreadable: readonly Unreadable[];
  readonly largeObjects: LargeObjects;
}

export const historySchema = 'supabase_migrations';

/** schema.sql: all definitions as plain SQL, for people and for diffs. */
export function captureSchema(request: DumpRequest): PartSource {
  return { path: archivePaths.schema, output: dumpCommand(request, ['--schema-only', ...exclusions(request.unreadable)]) };
}

/** history.sql: the migration history that `supabase db push` keeps, as plain SQL. */
export function captureHistory(request: DumpRequest): PartSource {
  return {
    path: archivePaths.history,
    output: dumpCommand(request, [`--schema=${historySchema}`, ...exclusions(request.unreadable)]),
  };
}

/**
 * full.dump: everything, in pg_dump's custom format and not compressed, since Borg cannot deduplicate what is compressed.
 * pg_dump writes it into the named pipe itself; a pipe cannot be fsynced. Large objects come with a whole dump.
 */
export function captureData(request: DumpRequest): PartSource {
  const withoutLargeObjects = request.largeObjects.unreadable > 0 ? [noLargeObjectsOption(request.programs)] : [];
  return {
    path: archivePaths.dump,
    writer: dumpCommand(request, [
      '--format=custom',
      '--compress=0',
      '--no-sync',
      `--file=${archivePaths.dump}`,
      ...withoutLargeObjects,
      ...exclusions(request.unreadable),
    ]),
  };
}

function dumpCommand(
  request: DumpRequest,
  options: readonly string[],
): { file: string; args: string[]; env: Readonly<Record<string, string>> } {
  const args = [`--snapshot=${request.snapshotId}`, ...encodingOption(request.encoding), ...options];
  return { file: request.programs.pgDump, args, env: request.environment };
}

/** All that is read of a dump is read as UTF-8. What is in no encoding at all cannot be turned into it. */
function encodingOption(encoding: string): string[] {
  return encoding === 'UTF8' || encoding === 'SQL_ASCII' ? [] : ['--encoding=UTF8'];
}

/** The option was renamed in 16. */
function noLargeObjectsOption(programs: PostgresPrograms): string {
  return programs.major >= 16 ? '--no-large-objects' : '--no-blobs';
}

/** The options by which a dump leaves out what cannot be read. */
export function exclusions(unreadable: readonly Unreadable[]): string[] {
  return unreadable.map((entry) =>
    entry.name === undefined
      ? `--exclude-schema=${quotePattern(entry.schema)}`
      : `--exclude-table=${quotePattern(entry.schema)}.${quotePattern(entry.name)}`,
  );
}

/** Between double quotes a pattern of pg_dump stands for itself, whatever characters it has. */
function quotePattern(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}
