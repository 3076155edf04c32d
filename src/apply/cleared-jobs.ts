import { cronJobSchema, type CatalogRecord } from '../domain/catalog.ts';
import { indexCatalog, recordsOf } from '../domain/catalog-index.ts';
import { isPlatformOwner } from '../domain/platform.ts';
import type { TargetKind } from '../domain/selection.ts';
import { quoteLiteral } from '../domain/sql.ts';
import { tolerateFailure } from '../domain/tolerant.ts';
import type { CronJob } from './script/cron.ts';

/** A job of pg_cron that goes before a restore. */
export interface ClearedJob {
  /** Of its record in the catalog. */
  readonly name: string;
  readonly statement: string;
}

/**
 * The user's jobs on a target. They have to be unscheduled: cron.job belongs to the extension, which stays. That of somebody else
 * only a superuser may unschedule; such a failure is borne, and named.
 */
export function clearJobs(catalog: readonly CatalogRecord[], kind: TargetKind): ClearedJob[] {
  return recordsOf(indexCatalog(catalog), 'cron job', cronJobSchema)
    .filter(({ value }) => kind === 'plain' || !isPlatformOwner(value.username))
    .map(({ name, value }) => ({ name, statement: tolerateFailure(`cron job ${name}`, unschedule(value)) }));
}

/** By what it is: its number is in no catalog. Jobs have names from pg_cron 1.3 on. */
function unschedule({ job, schedule, command, username }: CronJob): string {
  const name = "(pg_catalog.to_jsonb(j) ->> 'jobname')";
  const conditions = [
    job === null ? `${name} IS NULL` : `${name} = ${quoteLiteral(job)}`,
    `j.schedule = ${quoteLiteral(schedule)}`,
    `j.command = ${quoteLiteral(command)}`,
    `j.username = ${quoteLiteral(username)}`,
  ];
  return `SELECT cron.unschedule(j.jobid) FROM cron.job j WHERE ${conditions.join(' AND ')}`;
}
