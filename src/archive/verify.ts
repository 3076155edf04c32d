import type { z } from 'zod';
import type { RunContext } from '../context.ts';
import { archivePaths, manifestSchema, newerManifestSchema, type Manifest } from '../domain/manifest.ts';
import { archiveManifestSchema, storageManifestSchema, type StorageManifest } from '../domain/storage/manifest.ts';
import { missingDumpEntries, parseToc, type DumpedEntry } from '../domain/toc.ts';
import { parseManifest } from './manifest-text.ts';
import { streamArchived, assertWhole } from './read.ts';
import { layoutError, verificationError } from './verification-error.ts';

type ManifestReader = Pick<RunContext, 'repository'>;

/**
 * Reads an archive back: its manifest must parse, and the dump's table of contents must name every table, materialized view
 * and the large objects that the manifest speaks of. Reads only the beginning of the dump.
 * Throws AppError verification_failed; tool_missing when the programs here are older than those that made the dump.
 */
export async function verifyArchive(context: RunContext, archive: string): Promise<Manifest> {
  const manifest = await readManifest(context, archive);
  const listing = await listDump(context, archive, manifest);
  assertDumped(archive, manifest, parseToc(listing).entries);
  return manifest;
}

/** Throws AppError verification_failed when the entries lack a table, a materialized view or large objects of the manifest. */
export function assertDumped(archive: string, manifest: Manifest, entries: readonly DumpedEntry[]): void {
  const missing = missingDumpEntries(entries, { tables: manifest.tables, largeObjects: manifest.largeObjects.count });
  if (missing.length === 0) return;
  const some = missing.slice(0, 5).join(', ');
  throw verificationError(archive, `the dump lacks ${missing.length} of its entries: ${some}`);
}

/**
 * Reads and checks `manifest.json` of a database archive. Throws AppError verification_failed when it is not there, is not whole, or tells of a
 * layout that is newer than this agent.
 */
export async function readManifest(tools: ManifestReader, archive: string): Promise<Manifest> {
  return readManifestAs(manifestSchema, tools, archive);
}

/** The same of a storage archive. */
export async function readStorageManifest(tools: ManifestReader, archive: string): Promise<StorageManifest> {
  return readManifestAs(storageManifestSchema, tools, archive);
}

/** The same of an archive of either kind. */
export async function readAnyManifest(tools: ManifestReader, archive: string): Promise<Manifest | StorageManifest> {
  return readManifestAs(archiveManifestSchema, tools, archive);
}

async function readManifestAs<Schema extends z.ZodType>(
  schema: Schema,
  { repository }: ManifestReader,
  archive: string,
): Promise<z.output<Schema>> {
  const text = await repository.readText(archive, archivePaths.manifest);
  if (text === undefined) throw verificationError(archive, 'it has no manifest');
  const document = parseManifest(text);
  const parsed = schema.safeParse(document);
  if (parsed.success) return parsed.data;
  const newer = newerManifestSchema.safeParse(document);
  throw newer.success ? layoutError(archive, newer.data) : verificationError(archive, 'its manifest cannot be understood');
}

/** What `pg_restore --list` prints of the archived dump. */
async function listDump(context: RunContext, archive: string, manifest: Manifest): Promise<string> {
  const programs = await context.databases.findPrograms(0);
  const file = { archive, path: archivePaths.dump };
  const { result, borg } = await streamArchived(context, file, (dump) =>
    context.commands.run({ file: programs.pgRestore, args: ['--list'], stdin: dump }),
  );
  if (result.exitCode === 0) return result.stdout;
  // pg_restore closes the pipe as soon as it has seen enough; what Borg says of that means nothing.
  if (!borg.stderr.includes('BrokenPipe')) assertWhole(context, file, borg);
  // A newer pg_dump writes what an older pg_restore does not understand: that is no fault of the archive.
  if (result.stderr.includes('unsupported version')) await context.databases.findPrograms(pgDumpMajor(manifest));
  throw verificationError(archive, `its dump cannot be read: ${result.stderr.trim().split('\n')[0] ?? ''}`);
}

function pgDumpMajor({ tools }: Manifest): number {
  return Number.parseInt(tools.pgDump, 10);
}
