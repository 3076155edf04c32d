import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { execa } from 'execa';
import type { ClusterAddress } from '../../test/helpers/cluster.ts';
import { agentCommand } from './agent-run.ts';

export interface RestoreFigures {
  /** pg_restore from a local file, and ANALYZE, which the agent does as well. */
  readonly plainSeconds: number;
  readonly agentSeconds: number;
}

export interface RestoreBench {
  readonly directory: string;
  readonly address: ClusterAddress;
  /** An env file of the project whose repository holds a backup. */
  readonly envFile: string;
  readonly database: 'big' | 'empty';
}

/** Restores the same database twice into new ones: by pg_restore from a file, and by the agent from the repository. */
export async function timeRestore(bench: RestoreBench, jobs: number | undefined): Promise<RestoreFigures> {
  const { address, directory, database } = bench;
  const environment = { PGHOST: address.socketDirectory, PGPORT: String(address.port), PGUSER: 'postgres' };
  const program = (name: string): string => join(address.binDirectory, name);
  const sql = (statement: string, name = 'postgres'): Promise<unknown> =>
    execa(program('psql'), ['--no-psqlrc', '--quiet', `--dbname=${name}`, '--command', statement], { env: environment });
  const file = join(directory, 'restore.dump');
  const target = 'restored';
  const anew = async (): Promise<void> => {
    await sql(`DROP DATABASE IF EXISTS ${target}`);
    await sql(`CREATE DATABASE ${target}`);
    await sql('CHECKPOINT');
    await execa('sync');
  };

  await execa(program('pg_dump'), ['--format=custom', '--compress=0', `--file=${file}`, database], { env: environment });
  await anew();
  const options = jobs === undefined ? ['--single-transaction'] : [`--jobs=${jobs}`];
  const plainSeconds = await time(async () => {
    await execa(program('pg_restore'), ['--exit-on-error', ...options, `--dbname=${target}`, file], { env: environment });
    await sql('ANALYZE', target);
  });
  await rm(file);

  await anew();
  const targetFile = join(directory, 'target.env');
  const url = `postgresql://postgres@/${target}?host=${address.socketDirectory}&port=${address.port}`;
  await writeFile(targetFile, `PROJECT_NAME=target\nSUPABASE_DB_URL=${url}\nRESTORE_ALLOWED=true\n`, { mode: 0o600 });
  const args = ['restore', 'latest', '--to', targetFile, '--confirm', 'target', '--json', '--env-file', bench.envFile];
  const agentSeconds = await time(() =>
    execa(process.execPath, [...agentCommand, ...args, ...(jobs === undefined ? [] : ['--jobs', String(jobs)])]),
  );
  return { plainSeconds, agentSeconds };
}

async function time(work: () => Promise<unknown>): Promise<number> {
  const startedMs = performance.now();
  await work();
  return (performance.now() - startedMs) / 1000;
}
