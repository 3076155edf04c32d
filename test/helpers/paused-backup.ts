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

/** Rows for a dump (65 MB) that takes long enough to be stopped in it. */
export const bigTable =
  'CREATE TABLE public.big AS SELECT g AS id, repeat(md5(g::text), 10) AS text FROM generate_series(1, 200000) g';

/** Starts `agent backup` and stops Borg as soon as the dump has begun. The database holds `bigTable`. */
export async function startPausedBackup(project: TestProject, database: TestDatabase): Promise<PausedBackup> {
  let borg = 0;
  const agent = startAgent(['backup', '--env-file', project.envFile, '--json', '--log-level', 'info'], {
    onStderrLine: (line) => {
      // The part before the dump.
      if (line.includes('"part":"database/schema.sql"')) process.kill(borg, 'SIGSTOP');
    },
  });
  borg = await findProcess('borg', project.stateDirectory);
  const pgDump = await findProcess('pg_dump', project.stateDirectory);
  await vi.waitFor(
    async () => {
      const sql =
        "SELECT FROM pg_stat_activity WHERE query LIKE 'COPY %' AND wait_event = 'ClientWrite' AND datname = current_database()";
      if ((await database.query(sql)).length === 0) throw new Error('No COPY waits for its reader.');
    },
    { timeout: 20_000, interval: 5 },
  );
  return {
    agent,
    borg,
    pgDump: await findProcess('pg_dump', project.stateDirectory).catch(() => pgDump),
    resume: () => process.kill(borg, 'SIGCONT'),
  };
}
