import { execa } from 'execa';
import type { Cluster } from '../../../test/helpers/cluster.ts';
import type { Sql } from './data.ts';
import { database, oneTable } from './peer.ts';

/** For PostgreSQL's programs: which of them, and where the server is. */
export function environmentOf({ address }: Cluster): Record<string, string> {
  const { binDirectory, socketDirectory, port } = address;
  return {
    PATH: `${binDirectory}:${process.env['PATH']}`,
    LANG: 'C.UTF-8',
    PGHOST: socketDirectory,
    PGPORT: String(port),
    PGUSER: 'postgres',
  };
}

/** Statements for one of its databases. */
export function psql(cluster: Cluster, name: string): Sql {
  return async (...statements) => {
    const commands = statements.flatMap((statement) => ['--command', statement]);
    const args = ['--no-psqlrc', '--quiet', '--output=/dev/null', '--set=ON_ERROR_STOP=1', `--dbname=${name}`, ...commands];
    await execa('psql', args, { env: environmentOf(cluster) });
  };
}

/** Makes the database anew, with nothing in it. */
export async function createEmpty(target: Cluster): Promise<void> {
  await psql(target, 'postgres')(`DROP DATABASE IF EXISTS ${database}`, `CREATE DATABASE ${database}`, 'CHECKPOINT');
}

/** Throws unless both have as many rows in the table that is restored alone as well. */
export async function compareRows(source: Cluster, target: Cluster): Promise<void> {
  const [here, there] = [await countRows(source), await countRows(target)];
  if (there !== here) throw new Error(`A restore brought ${there} of ${here} rows.`);
}

async function countRows(cluster: Cluster): Promise<number> {
  const args = [
    '--no-psqlrc',
    '--quiet',
    '--tuples-only',
    `--dbname=${database}`,
    `--command=SELECT count(*) FROM ${oneTable}`,
  ];
  return Number((await execa('psql', args, { env: environmentOf(cluster) })).stdout);
}
