import { expect, test } from 'vitest';
import { runAgent } from '../../helpers/agent.ts';
import { hasPgCron, startCronPlatform, type CronKind } from '../../helpers/cron.ts';
import type { PlatformCluster } from '../../helpers/platform.ts';
import { createBackedUpProject, expectComplete, restorePart, type RestoreDocument } from '../../helpers/restoring.ts';

const yearly = '0 3 1 1 *';

/** Jobs with and without a name, of another database, at rest; webhooks of a table of the user's and of the platform's. */
const acting = `
  SELECT cron.schedule_in_database('nightly', '${yearly}', $$SELECT net.http_post('https://example.org/?a=''b''')$$, 'postgres'),
         cron.schedule_in_database('it''s "odd"; --', '0 4 * * 1-5', E'SELECT 1;\\nSELECT ''\\\\''', 'template1'),
         cron.schedule_in_database('at rest', '@daily', 'VACUUM', 'postgres', NULL, false),
         cron.schedule('30 2 * * *', 'SELECT 2');
  CREATE TABLE public.notes (id integer PRIMARY KEY);
  CREATE FUNCTION public.note() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';
  CREATE TRIGGER plain BEFORE INSERT ON public.notes FOR EACH ROW EXECUTE FUNCTION public.note();
  CREATE TRIGGER "Tell; all" AFTER INSERT ON public.notes FOR EACH ROW
    EXECUTE FUNCTION supabase_functions.http_request('https://example.org/notes', 'POST', '{}', '{}', '1000');
  CREATE TRIGGER always AFTER INSERT ON public.notes FOR EACH ROW
    EXECUTE FUNCTION supabase_functions.http_request('https://example.org/always', 'POST', '{}', '{}', '1000');
  CREATE TRIGGER off AFTER INSERT ON public.notes FOR EACH ROW
    EXECUTE FUNCTION supabase_functions.http_request('https://example.org/off', 'POST', '{}', '{}', '1000');
  ALTER TABLE public.notes ENABLE ALWAYS TRIGGER always, DISABLE TRIGGER off;`;

/** What an occupied target has: jobs of the same names that do something else, in other states, and one of its own. */
const otherJobs = `
  SELECT cron.schedule_in_database('nightly', '* * * * *', 'SELECT ''of the target''', 'template1'),
         cron.schedule_in_database('at rest', '@daily', 'VACUUM', 'postgres', NULL, true),
         cron.schedule_in_database('it''s "odd"; --', '@hourly', 'SELECT 3', 'postgres', NULL, false)`;
const jobOfPlatform = `SELECT cron.schedule_in_database('of the platform', '@hourly', 'SELECT 5', 'postgres')`;
const ownJob = `SELECT cron.schedule_in_database('of the target', '@hourly', 'SELECT 4', 'postgres')`;

interface Job {
  readonly jobname: string | null;
  readonly active: boolean;
}

async function listJobs(platform: PlatformCluster, username = 'postgres'): Promise<Job[]> {
  return platform.administrator.query(
    'SELECT jobname, schedule, command, database, username, active FROM cron.job WHERE username = $1 ORDER BY 1, 3',
    [username],
  );
}

function atRest(jobs: readonly Job[]): Job[] {
  return jobs.map((job) => ({ ...job, active: false }));
}

async function listTriggers(platform: PlatformCluster): Promise<Record<string, string>> {
  const rows = await platform.administrator.query<{ name: string; enabled: string }>(
    "SELECT tgname::text AS name, tgenabled AS enabled FROM pg_trigger WHERE tgrelid = 'public.notes'::regclass AND NOT tgisinternal",
  );
  return Object.fromEntries(rows.map(({ name, enabled }) => [name, enabled]));
}

/** Which webhooks a new row sets off. */
async function hooksOfInsert(platform: PlatformCluster, id: number): Promise<string[]> {
  const rows = await platform.administrator.query<{ hook: string }>(
    `DELETE FROM supabase_functions.hooks; INSERT INTO public.notes VALUES (${id}); SELECT hook_name AS hook FROM supabase_functions.hooks ORDER BY 1`,
  );
  return rows.map(({ hook }) => hook);
}

const sleeping = 'switch on what acts on the outside world, when it shall (or restore with --enable-jobs): ';
const webhooks = 'webhook "Tell; all" on public.notes, webhook always on public.notes';

test('cron jobs and webhooks rest, whatever the target had, until they are asked to act', async () => {
  const source = await startCronPlatform();
  await source.postgres.query(acting);
  const target = await startCronPlatform();
  const { project } = await createBackedUpProject(source.postgres, target.postgres);
  const jobs = await listJobs(source);
  expect(jobs.map(({ active }) => active)).toEqual([false, true, true, true]);

  const told = `${sleeping}cron job it's "odd"; --, cron job nightly, cron job SELECT 2, ${webhooks}`;
  const planned = await runAgent(['restore', 'latest', '--to', 'test', '--dry-run', '--env-file', project.envFile]);
  expect(planned.stdout).toContain(`Afterwards you would have to:\n  - ${told}\n`);
  const restored = await restorePart(project);
  expectComplete(restored);
  expect(restored.document.plan.manual).toEqual([told]);
  expect(listResting(restored.document)).toEqual([
    `cron job it's "odd"; --`,
    'cron job nightly',
    `cron job unnamed: 30 2 * * * SELECT 2`,
    'trigger "Tell; all" on public.notes',
    'trigger always on public.notes',
    'webhook "Tell; all" on public.notes',
    'webhook always on public.notes',
  ]);
  expect(await listJobs(target)).toEqual(atRest(jobs));
  expect(await listTriggers(target)).toEqual({ plain: 'O', 'Tell; all': 'D', always: 'D', off: 'D' });
  expect(await hooksOfInsert(target, 1)).toEqual([]);

  // Jobs of the same names are made what they were, at rest, also where the target's own was active.
  await target.postgres.query(otherJobs);
  await target.postgres.query(
    "SELECT cron.alter_job(jobid, active := true) FROM cron.job WHERE jobname IS DISTINCT FROM 'at rest'",
  );
  expectComplete(await restorePart(project, '--only', 'cron'));
  const [named, unnamed] = [jobs.slice(0, -1), jobs.slice(-1)];
  // One that is there just so is left as it is.
  expect(await listJobs(target)).toEqual([...atRest(named), ...unnamed]);

  // The target's own go with --clean, but for those of the platform.
  await target.postgres.query(otherJobs);
  await target.postgres.query(ownJob);
  await target.administrator.query(jobOfPlatform);
  const cleaned = await restorePart(project, '--clean');
  expectComplete(cleaned);
  expect(cleaned.document.plan.replaced).toEqual([
    'everything in schema public (1 tables)',
    'cron job at rest',
    `cron job it's "odd"; --`,
    'cron job nightly',
    'cron job of the target',
    'cron job unnamed: 30 2 * * * SELECT 2',
  ]);
  expect(cleaned.document.plan.manual).toEqual([told]);
  expect(await listJobs(target)).toEqual(atRest(jobs));
  expect(await listJobs(target, 'supabase_admin')).toMatchObject([{ jobname: 'of the platform', active: true }]);
  expect(await hooksOfInsert(target, 1)).toEqual([]);

  // Everything acts that did so on the source, and nothing else.
  await target.postgres.query(otherJobs);
  const enabled = await restorePart(project, '--only', 'cron', '--enable-jobs');
  expectComplete(enabled);
  expect(await listJobs(target)).toEqual([...named, ...atRest(unnamed)]);
  const acts = await restorePart(project, '--clean', '--enable-jobs');
  expectComplete(acts);
  expect(acts.document.plan.manual).toEqual([]);
  expect(listResting(acts.document)).toEqual([]);
  expect(await listJobs(target)).toEqual(jobs);
  expect(await listTriggers(target)).toEqual({ plain: 'O', 'Tell; all': 'O', always: 'A', off: 'D' });
  expect(await hooksOfInsert(target, 1)).toEqual(['Tell; all', 'always']);
});

function listResting({ comparison }: RestoreDocument): string[] {
  const resting = comparison!.catalog.filter(({ verdict }) => verdict === 'resting');
  return resting.map(({ class: className, name }) => `${className} ${name}`);
}

test.runIf(hasPgCron)('what stands in for pg_cron does what pg_cron does', async () => {
  const [real, standIn] = await Promise.all((['pg_cron', 'stand-in'] satisfies CronKind[]).map(recordAnswers));
  expect(standIn).toEqual(real);
});

/** What the calls that a restore makes answer, and what they leave. */
async function recordAnswers(kind: CronKind): Promise<unknown[]> {
  const platform = await startCronPlatform(kind);
  const answers: unknown[] = [];
  for (const [user, call] of calls) {
    answers.push(await platform[user].query(`SELECT ${call} AS answer`).catch((error: Error) => error.message));
  }
  for (const user of ['postgres', 'administrator'] as const) {
    answers.push(
      await platform[user].query(
        'SELECT jobid, jobname, schedule, command, database, username, active FROM cron.job ORDER BY 1',
      ),
    );
  }
  return answers;
}

const calls: ['postgres' | 'administrator', string][] = [
  ['postgres', `cron.schedule_in_database('one', '@daily', 'SELECT 1', 'postgres', NULL, true)`],
  ['administrator', `cron.schedule_in_database('one', '@daily', 'SELECT 1', 'postgres', NULL, false)`],
  ['administrator', `cron.schedule_in_database('two', '@daily', 'SELECT 1', 'postgres', 'postgres', false)`],
  ['postgres', `cron.alter_job(cron.schedule('@hourly', 'SELECT 3'), active := false)`],
  ['postgres', `cron.schedule_in_database('one', '@hourly', 'SELECT 2', 'template1', NULL, false)`],
  ['postgres', `cron.schedule_in_database('two', '@hourly', 'SELECT 2', 'template1', NULL, true)`],
  ['administrator', `cron.alter_job(3, database := 'template0', username := 'supabase_auth_admin')`],
  ['postgres', `cron.unschedule(2)`],
  ['postgres', `cron.unschedule(4)`],
  ['administrator', `cron.unschedule(99)`],
];
