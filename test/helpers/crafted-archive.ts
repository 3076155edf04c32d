import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { execa } from 'execa';
import { parseManifest } from '../../src/archive/manifest-text.ts';
import { parseArchiveName } from '../../src/domain/archive-name.ts';
import type { Manifest } from '../../src/domain/manifest.ts';
import type { TestRepository } from './borg.ts';
import { createTemporaryDirectory } from './temporary-directory.ts';

export interface CraftRequest {
  /** An archive that the agent has made. */
  readonly from: string;
  /** The name of the new one, with any time; the manifest goes with it. */
  readonly as: string;
  readonly manifest?: Partial<Manifest>;
  /** What the new archive holds, in this order; all of it unless given, in an order of Borg's. */
  readonly paths?: readonly string[];
  /** Changes files of the new archive, or removes them, in the directory that it is made of. */
  readonly change?: (directory: string) => Promise<void>;
}

/** Makes an archive out of another one, by Borg alone: one from the past, or one that is not what it says. */
export async function craftArchive(repository: TestRepository, request: CraftRequest): Promise<void> {
  const directory = await createTemporaryDirectory();
  const borg = { env: repository.environment, extendEnv: false, cwd: directory };
  await execa('borg', ['extract', `::${request.from}`], borg);
  const path = join(directory, 'manifest.json');
  // Without the checksum: what is crafted here is told from what was damaged.
  const manifest = parseManifest(await readFile(path, 'utf8')) as Manifest;
  const { backupId } = parseArchiveName(request.as) ?? manifest;
  await writeFile(path, JSON.stringify({ ...manifest, backupId, ...request.manifest }));
  await request.change?.(directory);
  await execa('borg', ['create', `::${request.as}`, ...(request.paths ?? ['.'])], borg);
}
