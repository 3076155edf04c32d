import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { execa } from 'execa';
import { expect } from 'vitest';
import { objectsSidecarPath } from '../../src/domain/storage/sidecar.ts';
import type { TestRepository } from './borg.ts';
import type { StoredProject } from './stored-project.ts';
import { createTemporaryDirectory } from './temporary-directory.ts';

/** Extracts an archive with Borg alone; answers the directory. */
export async function extractArchive({ environment }: TestRepository, archive: string): Promise<string> {
  const directory = await createTemporaryDirectory();
  await execa('borg', ['extract', `::${archive}`], { env: environment, extendEnv: false, cwd: directory });
  return directory;
}

interface SidecarLine {
  readonly name: string;
  readonly path: string;
  readonly size: number;
  readonly sha256: string;
  readonly object: unknown;
}

/** Of every object that Storage has: name, size and SHA-256 of its bytes, and its row. */
async function readStored({ database, storage }: StoredProject, bucket: string): Promise<Omit<SidecarLine, 'path'>[]> {
  const rows = await database.query<{ name: string; object: unknown }>(
    `SELECT name, to_jsonb(o) - 'path_tokens' AS object FROM storage.objects o WHERE bucket_id = $1 ORDER BY name COLLATE "C"`,
    [bucket],
  );
  return Promise.all(
    rows.map(async ({ name, object }) => {
      const bytes = await storage.bytesOf(bucket, name);
      return { name, size: bytes.length, sha256: sha256(bytes), object };
    }),
  );
}

/** An archive holds exactly what Storage has, object by object: the lines of its sidecars, and the bytes that they tell of. */
export async function expectArchivesAll(scene: StoredProject, archive: string): Promise<void> {
  const directory = await extractArchive(scene.repository, archive);
  const buckets = await scene.database.query<{ id: string }>('SELECT id FROM storage.buckets');
  for (const { id } of buckets) {
    const lines = (await readFile(join(directory, objectsSidecarPath(id)), 'utf8')).split('\n').slice(0, -1);
    const told = lines.map((line) => JSON.parse(line) as SidecarLine);
    expect(told.map(({ name, size, sha256: sum, object }) => ({ name, size, sha256: sum, object }))).toEqual(
      await readStored(scene, id),
    );
    for (const { path, sha256: sum } of told) expect(sha256(await readFile(join(directory, path))), path).toBe(sum);
  }
}

function sha256(bytes: Buffer): string {
  return createHash('sha256').update(bytes).digest('hex');
}
