import { expect, test, vi } from 'vitest';
import { startAgent, type AgentResult } from '../helpers/agent.ts';
import { loadHostileSource, startPlatformCluster, type PlatformCluster } from '../helpers/platform.ts';
import { listPlatformState } from '../helpers/platform-state.ts';
import { bigTable } from '../helpers/paused-backup.ts';
import { expectNoProcesses, findProcess } from '../helpers/processes.ts';
import type { TestProject } from '../helpers/project.ts';
import { createBackedUpProject, expectComplete, expectRefused, expectRolledBack, restore } from '../helpers/restoring.ts';
import { archiveNames, dumpText } from '../helpers/scenario.ts';

/** All of a server: definitions, rows, large objects, what belongs to the platform, and every role. */
async function takeState({ administrator, ...cluster }: PlatformCluster): Promise<object> {
  return {
    dump: await dumpText(administrator, []),
    platform: await listPlatformState({ administrator, ...cluster }),
    roles: await administrator.query(`SELECT rolname, rolconfig, ARRAY(SELECT roleid::regrole::text FROM pg_auth_members
      WHERE member = r.oid ORDER BY 1) AS member_of FROM pg_roles r ORDER BY 1`),
  };
}

interface PausedRestore {
  readonly finished: Promise<AgentResult>;
  kill(): void;
  /** The kernel itself lets a stopped process go on whose group has lost its parent. */
  resume(): void;
}

/** Starts `agent restore latest --clean`, and stops its psql when all has been cleared and rows are on their way. */
async function startPausedRestore(project: TestProject, target: PlatformCluster): Promise<PausedRestore> {
  const fixed = ['restore', 'latest', '--to', 'test', '--confirm', 'shop-test', '--json', '--env-file', project.envFile];
  const agent = startAgent([...fixed, '--clean', '--no-safety-backup']);
  await vi.waitFor(
    async () => {
      const copying = await target.administrator.query("SELECT pid FROM pg_stat_activity WHERE query LIKE 'COPY public.big %'");
      if (copying.length === 0) throw new Error('No rows are on their way.');
    },
    { timeout: 120_000, interval: 5 },
  );
  const psql = await findProcess('psql', project.stateDirectory);
  process.kill(psql, 'SIGSTOP');
  const resume = (): void => {
    try {
      process.kill(psql, 'SIGCONT');
    } catch (error) {
      expect(error).toMatchObject({ code: 'ESRCH' });
    }
  };
  return { finished: agent.finished, kill: () => agent.kill('SIGKILL'), resume };
}

test('a restore with --clean that fails in the middle leaves the target as it was', async () => {
  const source = await startPlatformCluster();
  await source.postgres.query(`
    ${bigTable};
    CREATE ROLE of_the_source; GRANT SELECT ON public.big TO of_the_source;
    CREATE TABLE public.people (id integer PRIMARY KEY);
    INSERT INTO auth.users (id, email) VALUES ('00000000-0000-4000-8000-000000000099', 'refused@example.org')`);
  const target = await startPlatformCluster();
  await loadHostileSource(target, { superuserPart: false });
  const { project } = await createBackedUpProject(source.postgres, target.postgres);
  const before = await takeState(target);

  // A row that the target's platform refuses.
  await target.administrator.query("ALTER TABLE auth.users ADD CONSTRAINT refusing CHECK (email NOT LIKE 'refused%')");
  const refusing = await takeState(target);
  expectRolledBack(await restore(project, 'latest', '--clean', '--no-safety-backup'), 'violates check constraint "refusing"');
  expect(await takeState(target)).toEqual(refusing);
  await target.administrator.query('ALTER TABLE auth.users DROP CONSTRAINT refusing');

  const terminated = await startPausedRestore(project, target);
  await target.administrator.query(
    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE query LIKE 'COPY public.big %'",
  );
  terminated.resume();
  const result = await terminated.finished;
  expect(result.exitCode).toBe(1);
  expect(result.json()).toMatchObject({ status: 'failed', error: { code: 'restore_failed' } });
  expect(await takeState(target)).toEqual(before);

  const killed = await startPausedRestore(project, target);
  killed.kill();
  await killed.finished;
  killed.resume();
  await expectNoProcesses(project.stateDirectory);
  await expect
    .poll(() => target.administrator.query("SELECT query FROM pg_stat_activity WHERE application_name = 'psql'"), {
      timeout: 120_000,
    })
    .toEqual([]);
  expect(await takeState(target)).toEqual(before);

  // Nothing of that is in the way of the next one.
  expectComplete(await restore(project, 'latest', '--clean', '--no-safety-backup'));
  expect(await target.postgres.query('SELECT count(*)::integer AS rows FROM public.big')).toEqual([{ rows: 300_000 }]);
});

test('what a safety backup cannot hold is not replaced, but with --no-safety-backup, which makes none', async () => {
  const source = await startPlatformCluster();
  await source.postgres.query('CREATE TABLE public.people (id integer PRIMARY KEY)');
  const target = await startPlatformCluster();
  await target.postgres.query('CREATE ROLE keeper; CREATE TABLE public.open AS SELECT 2 AS id; SELECT lo_create(900001)');
  // Who may read all data may still not read a large object of somebody else.
  await target.administrator.query('ALTER LARGE OBJECT 900001 OWNER TO keeper');
  const { project, repository } = await createBackedUpProject(source.postgres, target.postgres);
  const before = await takeState(target);
  const refused = await restore(project, 'latest', '--clean');
  const names = await archiveNames(repository);
  const [safety] = names.filter((name) => name.includes('pre-restore'));
  const unread = 'large objects: not readable (1 of 1 may not be read by this role, so none could be dumped)';
  expectRefused(
    refused,
    `What is on the target would be replaced, and not all of the target is in the safety backup ${safety!.replace('-database', '')}: ${unread}. Nothing was touched.`,
  );
  expect(await takeState(target)).toEqual(before);

  const cleaned = await restore(project, 'latest', '--clean', '--no-safety-backup');
  expectComplete(cleaned);
  expect(cleaned.document.plan.replaced).toEqual(['everything in schema public (1 tables)', '1 large objects']);
  expect(cleaned.document.safetyBackup).toBeUndefined();
  expect(await archiveNames(repository)).toEqual(names);
  const left = "SELECT to_regclass('public.open') AS open, (SELECT count(*)::integer FROM pg_largeobject_metadata) AS objects";
  expect(await target.administrator.query(left)).toEqual([{ open: null, objects: 0 }]);
});
