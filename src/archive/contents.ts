import type { Readable } from 'node:stream';
import type { z } from 'zod';
import type { RunContext } from '../context.ts';
import { catalogRecordSchema, recordSchemas, type CatalogRecord } from '../domain/catalog.ts';
import { formatDumpHead, IncompleteHead, parseDumpHead, UnknownDumpFormat, type DumpHead } from '../domain/dump-head.ts';
import { archivePaths, type Manifest } from '../domain/manifest.ts';
import { assertWhole, streamArchived, type ArchivedFile } from './read.ts';
import { verificationError } from './verification-error.ts';
import { assertDumped } from './verify.ts';

/** The head of an archived dump, and how many bytes of it that is. */
export interface ArchivedHead {
  readonly head: DumpHead;
  readonly length: number;
}

/**
 * Reads the beginning of the dump of an archive. Throws AppError verification_failed when it cannot be understood, or lacks
 * something that the manifest speaks of.
 */
export async function readDumpHead(context: RunContext, archive: string, manifest: Manifest): Promise<ArchivedHead> {
  const read = await readHead(context, { archive, path: archivePaths.dump });
  const entries = read.head.entries.map(({ catalogOid, oid, description }) => ({
    tableOid: Number(catalogOid),
    oid: Number(oid),
    description: description ?? '',
  }));
  assertDumped(archive, manifest, entries);
  return read;
}

async function readHead(context: RunContext, file: ArchivedFile): Promise<ArchivedHead> {
  const { archive } = file;
  const { result, borg } = await streamArchived(context, file, parseStream);
  if (result instanceof UnknownDumpFormat) throw verificationError(archive, `its dump cannot be used: ${result.message}`);
  if (result !== undefined) return result;
  assertWhole(context, file, borg);
  throw verificationError(archive, 'its dump ends within its table of contents');
}

/** A million tables make about as much. */
const longestHead = 512 * 1024 * 1024;

/** Tries again each time that twice as much has come: the length is told nowhere. Undefined when the stream ends before the head does. */
async function parseStream(stream: Readable): Promise<ArchivedHead | UnknownDumpFormat | undefined> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  let tryAt = 0;
  for await (const chunk of stream as AsyncIterable<Buffer>) {
    chunks.push(chunk);
    bytes += chunk.length;
    if (bytes < tryAt) continue;
    const parsed = tryParse(Buffer.concat(chunks));
    if (parsed !== undefined) return parsed;
    if (bytes > longestHead) return new UnknownDumpFormat('its table of contents goes on for more than 512 MiB');
    tryAt = bytes * 2;
  }
  return tryParse(Buffer.concat(chunks));
}

function tryParse(bytes: Buffer): ArchivedHead | UnknownDumpFormat | undefined {
  try {
    const parsed = parseDumpHead(bytes);
    // A head that is not written as it was read is not understood.
    if (formatDumpHead(parsed.head).equals(bytes.subarray(0, parsed.length))) return parsed;
    return new UnknownDumpFormat('its texts are not UTF-8');
  } catch (error) {
    if (error instanceof IncompleteHead) return undefined;
    if (error instanceof UnknownDumpFormat) return error;
    throw error;
  }
}

/** The catalog that was captured with a backup; undefined for a backup of a version that did not. Throws AppError verification_failed. */
export async function readArchivedCatalog(context: RunContext, archive: string): Promise<CatalogRecord[] | undefined> {
  const text = await context.repository.readText(archive, archivePaths.catalog);
  if (text === undefined) return undefined;
  const lines = text.split('\n').filter((line) => line !== '');
  return lines.map((line, index) => {
    const record = parseRecord(line);
    if (record === undefined) throw verificationError(archive, `record ${index + 1} of its catalog cannot be understood`);
    return record;
  });
}

/** Undefined also where it is not what its class says: whoever works with it later relies on that. */
function parseRecord(line: string): CatalogRecord | undefined {
  try {
    const record = catalogRecordSchema.parse(JSON.parse(line));
    const schemas: Readonly<Record<string, z.ZodType>> = recordSchemas;
    if (Object.hasOwn(schemas, record.class)) schemas[record.class]!.parse(record.value);
    return record;
  } catch {
    return undefined;
  }
}
