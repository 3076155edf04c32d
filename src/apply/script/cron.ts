import type { z } from 'zod';
import type { cronJobSchema } from '../../domain/catalog.ts';
import { quoteLiteral } from '../../domain/sql.ts';
import { tolerateFailure } from '../../domain/tolerant.ts';

export type CronJob = z.infer<typeof cronJobSchema>;

export interface CronOptions {
  readonly database: string;
  readonly role: string;
  /** Jobs act on the outside world: without this they are there, and do not run. */
  readonly enable: boolean;
}

/**
 * Schedules jobs through pg_cron's functions: nobody but a superuser may write to cron.job.
 * https://github.com/citusdata/pg_cron: schedule_in_database, and alter_job for a job without a name.
 */
export function scheduleJobs(jobs: readonly CronJob[], options: CronOptions): string[] {
  return jobs.map((job) =>
    tolerateFailure(
      `cron job ${job.job ?? job.command}`,
      job.job === null ? scheduleUnnamed(job, options) : scheduleNamed(job, options),
    ),
  );
}

function scheduleNamed(job: CronJob, { database, role, enable }: CronOptions): string {
  const values = [job.job!, job.schedule, job.command, job.database ?? database].map(quoteLiteral).join(', ');
  // Only a superuser may name another user.
  const username = job.username === role ? 'NULL' : quoteLiteral(job.username);
  const active = String(job.active && enable);
  // Of a job of that name that is there already, pg_cron changes all but whether it is active.
  return `SELECT cron.alter_job(cron.schedule_in_database(${values}, ${username}, ${active}), active := ${active})`;
}

function scheduleUnnamed(job: CronJob, { role, enable }: CronOptions): string {
  const changes = [
    ...(job.database === null ? [] : [`database := ${quoteLiteral(job.database)}`]),
    ...(job.username === role ? [] : [`username := ${quoteLiteral(job.username)}`]),
    ...(job.active && enable ? [] : ['active := false']),
  ];
  const scheduled = `cron.schedule(${quoteLiteral(job.schedule)}, ${quoteLiteral(job.command)})`;
  return changes.length === 0 ? `SELECT ${scheduled}` : `SELECT cron.alter_job(${[scheduled, ...changes].join(', ')})`;
}
