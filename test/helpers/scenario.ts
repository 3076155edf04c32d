import { join } from 'node:path';
import { execa } from 'execa';
import { expect, inject } from 'vitest';
import { runAgent } from './agent.ts';
import { createTestRepository, type TestRepository } from './borg.ts';
import type { TestDatabase } from './database.ts';
import { createTestProject, type TestProject, type TestProjectOptions } from './project.ts';

/** A project whose repository has been made by `agent init`. */
export async function createInitializedProject(
  options: Omit<TestProjectOptions, 'repository'> & { readonly repository?: TestRepository },
): Promise<{ project: TestProject; repository: TestRepository }> {
  const repository = options.repository ?? (await createTestRepository());
  const project = await createTestProject({ ...options, repository });
  expect(await runAgent(['init', '--env-file', project.envFile])).toMatchObject({ exitCode: 0, stderr: '' });
  return { project, repository };
}

const rowByRow = ['--rows-per-insert=1', '--inserts'];

/**
 * All of a database as pg_dump prints it, rows in a stable order, without the random keys that it prints. Rows as statements need a
 * plan, which fails where an expression wants a search_path; `[]` for rows as COPY.
 */
export async function dumpText(database: Pick<TestDatabase, 'config'>, rows: readonly string[] = rowByRow): Promise<string> {
  const { host, port, user, password, database: name } = database.config;
  const { stdout } = await execa(join(inject('cluster').binDirectory, 'pg_dump'), rows, {
    env: { PGHOST: host, PGPORT: String(port), PGUSER: user, PGPASSWORD: password?.reveal() ?? '', PGDATABASE: name },
    maxBuffer: 256 * 1024 * 1024,
  });
  return stdout.replaceAll(/^\\(un)?restrict .*$/gm, '').replaceAll(/(^GRANT .*;\n)+/gm, sortLines);
}

/** The rights on an object are a set, which has no order. */
function sortLines(block: string): string {
  return block.split('\n').toSorted().join('\n');
}

/** The names of all archives, unfinished ones included, as Borg itself lists them; the lock of a killed run does not matter. */
export async function archiveNames(repository: TestRepository): Promise<string[]> {
  return (await repository.borg('list', '--short', '--consider-checkpoints', '--bypass-lock'))
    .split('\n')
    .filter((name) => name !== '');
}

/** Every archive that looks finished can be read back, its rows counted. */
export async function expectGood(project: TestProject): Promise<void> {
  expect(await runAgent(['verify', '--all', '--data', '--env-file', project.envFile])).toMatchObject({
    exitCode: 0,
    stderr: '',
  });
}
