import { vi } from 'vitest';
import { startAgent, type RunningAgent } from './agent.ts';
import type { TestDatabase } from './database.ts';
import { findProcess } from './processes.ts';
import type { TestProject } from './project.ts';

/** A backup in the middle of its dump: Borg is stopped, so pg_dump waits at a full pipe. */
export interface PausedBackup {
  readonly agent: RunningAgent;
  readonly borg: number;
  readonly pgDump: number;
  /** Lets Borg go on. */
  resume(): void;
}

/** Rows for a dump (100 MB) that takes long enough to be stopped in it. */
export const bigTable =
  'CREATE TABLE public.big AS SELECT g AS id, repeat(md5(g::text), 10) AS text FROM generate_series(1, 300000) g';

/** Starts `agent backup` and stops Borg as soon as the rows of `bigTable`, which the database holds, are on their way. */
export async function startPausedBackup(project: TestProject, database: TestDatabase): Promise<PausedBackup> {
  const agent = startAgent(['backup', '--env-file', project.envFile, '--json', '--log-level', 'info']);
  const borg = await findProcess('borg', project.stateDirectory);
  await expectCopy(database, 'true');
  process.kill(borg, 'SIGSTOP');
  await expectCopy(database, "wait_event = 'ClientWrite'");
  return {
    agent,
    borg,
    pgDump: await findProcess('pg_dump', project.stateDirectory),
    resume: () => process.kill(borg, 'SIGCONT'),
  };
}

async function expectCopy(database: TestDatabase, condition: string): Promise<void> {
  const sql = `SELECT pid FROM pg_stat_activity WHERE query LIKE 'COPY %' AND state = 'active' AND datname = current_database() AND ${condition}`;
  await vi.waitFor(
    async () => {
      if ((await database.query(sql)).length === 0) throw new Error(`There is no COPY where ${condition}.`);
    },
    { timeout: 120_000, interval: 1 },
  );
}
