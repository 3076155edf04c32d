import type { Readable } from 'node:stream';
import type { CommandResult, RunContext } from '../context.ts';
import { createCopyRowCounter, type CopyRows } from '../domain/copy-rows.ts';
import { archivePaths, type Manifest } from '../domain/manifest.ts';
import { findRowMismatches } from '../domain/row-mismatches.ts';
import { assertWhole, streamArchived } from './read.ts';
import { verificationError } from './verification-error.ts';

interface DumpReading {
  readonly read: CopyRows;
  readonly bytes: number;
  readonly pgRestore: CommandResult;
}

/**
 * Reads every byte of the dump: Borg checks each chunk, pg_restore turns them into SQL, and the rows and large objects in that
 * are counted and compared with the manifest. Needs no server, no disk and a constant amount of memory. Answers how many
 * bytes of SQL it was. Throws AppError verification_failed, with each table that differs.
 */
export async function verifyData(context: RunContext, archive: string, manifest: Manifest): Promise<number> {
  // A dump is read by a pg_restore that is not older than the pg_dump that wrote it.
  const programs = await context.databases.findPrograms(Number.parseInt(manifest.tools.pgDump, 10));
  const file = { archive, path: archivePaths.dump };
  const { result, borg } = await streamArchived(context, file, (dump) => countRows(context, programs.pgRestore, dump));
  const said = result.pgRestore.stderr.trim().split('\n')[0] ?? '';
  const failed = result.pgRestore.exitCode !== 0;
  // When pg_restore stops early, what Borg says of the broken pipe means nothing.
  if (failed && borg.stderr.includes('BrokenPipe')) throw verificationError(archive, `its dump cannot be read: ${said}`);
  assertWhole(context, file, borg);
  if (failed) throw verificationError(archive, `its dump cannot be read: ${said}`);
  if (!result.read.complete) throw verificationError(archive, 'its dump ends in the middle of a table');
  assertEqual(archive, manifest, result.read);
  return result.bytes;
}

async function countRows(context: RunContext, pgRestore: string, dump: Readable): Promise<DumpReading> {
  const restoring = context.commands.start({
    file: pgRestore,
    args: ['--data-only', '--file=-'],
    stdin: dump,
    stdout: 'pipe',
  });
  try {
    const counter = createCopyRowCounter();
    let bytes = 0;
    for await (const chunk of restoring.stdout as AsyncIterable<Buffer>) {
      counter.write(chunk);
      bytes += chunk.length;
      context.progress.bytes(bytes);
    }
    dump.destroy();
    return { read: counter.finish(), bytes, pgRestore: await restoring.finished };
  } catch (error) {
    await restoring.terminate();
    throw error;
  }
}

function assertEqual(archive: string, manifest: Manifest, read: CopyRows): void {
  const mismatches = findRowMismatches(manifest, read);
  if (mismatches.length === 0) return;
  const some = mismatches
    .slice(0, 5)
    .map(({ what, expected, found }) => `${what}: ${expected} expected, ${found} found`)
    .join('; ');
  const more = mismatches.length > 5 ? `; and ${mismatches.length - 5} more` : '';
  throw verificationError(archive, `its dump differs from its manifest: ${some}${more}`);
}
