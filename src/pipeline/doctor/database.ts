import { captureServer, majorOf } from '../../capture/server.ts';
import type { ConnectionConfig } from '../../config/project-config.ts';
import type { Snapshot } from '../../context.ts';
import { attempt, failBy, ok, warn, type Finding } from './finding.ts';
import { checkPrivileges } from './privileges.ts';
import { checkTls } from './tls.ts';
import { clockToleranceMs, type DoctorTools } from './tools.ts';

export interface DatabaseExamination {
  readonly findings: readonly Finding[];
  /** Undefined when it could not be reached. */
  readonly sizeBytes: number | undefined;
}

/** Connects as a backup does, and looks at everything that a backup needs there, if a database is configured. */
export async function examineDatabase(tools: DoctorTools): Promise<DatabaseExamination> {
  const connection = tools.config.database;
  if (connection === undefined) {
    const detail = 'is not configured: backups hold Storage alone, as its API lists it';
    return { findings: [ok('database', detail)], sizeBytes: undefined };
  }
  const { host, port, database, user } = connection;
  try {
    const snapshot = await tools.databases.openSnapshot(connection);
    try {
      const server = await captureServer(snapshot);
      const where = `${user}@${host}:${port}/${database}`;
      const found = ok('database', `${where}: PostgreSQL ${server.version}`);
      return {
        findings: [found, ...(await examineServer(tools, { snapshot, connection, major: majorOf(server) }))],
        sizeBytes: server.sizeBytes,
      };
    } finally {
      await snapshot.close();
    }
  } catch (error) {
    return { findings: [failBy('database', error)], sizeBytes: undefined };
  }
}

interface Server {
  readonly snapshot: Snapshot;
  readonly connection: ConnectionConfig;
  readonly major: number;
}

async function examineServer(tools: DoctorTools, { snapshot, connection, major }: Server): Promise<readonly Finding[]> {
  return [
    ...(await attempt('tls', async () => [await checkTls(snapshot, connection)])),
    ...(await attempt('pg_dump', async () => [await checkPrograms(tools, major)])),
    ...(await attempt('privileges', async () => checkPrivileges(snapshot, major))),
    ...(await attempt('clock', async () => [await checkClock(tools, snapshot)])),
  ];
}

async function checkPrograms(tools: DoctorTools, major: number): Promise<Finding> {
  const programs = await tools.databases.findPrograms(major);
  return ok('pg_dump', `${programs.version} in ${programs.directory}, for a server of version ${major}`);
}

/** Backups are named and kept by the time of this machine. */
async function checkClock(tools: DoctorTools, snapshot: Snapshot): Promise<Finding> {
  const before = tools.clock.now().getTime();
  const [row] = await snapshot.query<{ ms: string }>(
    `SELECT pg_catalog.trunc(pg_catalog.date_part('epoch', pg_catalog.clock_timestamp()) * 1000)::text AS ms`,
  );
  const here = (before + tools.clock.now().getTime()) / 2;
  const aheadMs = here - Number(row!.ms);
  const seconds = Math.round(Math.abs(aheadMs) / 1000);
  if (Math.abs(aheadMs) <= clockToleranceMs) return ok('clock', 'agrees with the server');
  return warn(
    'clock',
    `this machine is ${seconds} s ${aheadMs > 0 ? 'ahead of' : 'behind'} the server: backups get wrong times, and retention goes by them`,
    'Let the machine keep its time: timedatectl set-ntp true',
  );
}
