import { join } from 'node:path';
import { execa } from 'execa';
import { createTemporaryDirectory } from './temporary-directory.ts';

/** A place for a repository, which is not made yet, with everything of Borg (cache, keys, locks) beside it. */
export interface TestRepository {
  /** The temporary directory that all of it lies in. */
  readonly directory: string;
  readonly location: string;
  readonly passphrase: string;
  /** For a raw `borg`. Its cache is not the agent's. */
  readonly environment: Readonly<Record<string, string>>;
  /** Runs the real Borg, `::ARCHIVE` meaning one of this repository; returns its stdout, throws when it fails. */
  borg(...args: readonly string[]): Promise<string>;
}

/** Removed when the test is over, but for one whose place is given. */
export async function createTestRepository(place?: string): Promise<TestRepository> {
  const directory = await createTemporaryDirectory();
  const location = place ?? join(directory, 'repository');
  const passphrase = 'correct-horse-battery-staple';
  const environment = {
    PATH: process.env['PATH'] ?? '/usr/bin:/bin',
    LANG: 'C.UTF-8',
    BORG_BASE_DIR: join(directory, 'borg'),
    BORG_REPO: location,
    BORG_PASSPHRASE: passphrase,
    BORG_RELOCATED_REPO_ACCESS_IS_OK: 'yes',
  };
  const borg = async (...args: readonly string[]) => {
    const result = await execa('borg', args, { env: environment, extendEnv: false, cwd: directory });
    return result.stdout;
  };
  return { directory, location, passphrase, environment, borg };
}
