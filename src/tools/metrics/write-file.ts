import { open, rename, rm } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';

/** node_exporter runs as a user of its own. */
const mode = 0o644;

/**
 * Puts a text in the place of a file, so that a reader sees the old one or the new one and never a part. The caller holds the project's
 * lock. Rejects with what the system says; then the old file stays.
 */
export async function replaceFile(path: string, text: string): Promise<void> {
  // The collector reads *.prom. In the same directory, since a rename does not go from one file system to another.
  const temporary = join(dirname(path), `.${basename(path)}.tmp`);
  // What a killed run has left, or somebody's link to elsewhere in a directory that others may write to.
  await rm(temporary, { force: true });
  const file = await open(temporary, 'wx', mode);
  try {
    await file.writeFile(text);
    // Whatever the umask says.
    await file.chmod(mode);
    await file.sync();
    await file.close();
    await rename(temporary, path);
  } catch (error) {
    await file.close().catch(() => undefined);
    await rm(temporary, { force: true });
    throw error;
  }
}
