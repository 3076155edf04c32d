import type { CatalogIndex } from '../domain/catalog-index.ts';
import type { DumpEntry } from '../domain/dump-head.ts';
import type { Manifest } from '../domain/manifest.ts';
import { isManagedSchema } from '../domain/platform.ts';
import { describeEntry } from '../domain/restore-selection.ts';
import { hadNoRows, isData, type Decision } from '../domain/selection.ts';
import type { PlanItem, RestorePlan } from './plan-types.ts';
import type { Wanted } from './wanted/find-wanted.ts';
import type { TargetFacts } from './target.ts';

export interface DescribedItems {
  readonly created: Record<string, number>;
  readonly skipped: PlanItem[];
  readonly missing: PlanItem[];
  readonly forbidden: PlanItem[];
}

/** What becomes of the dump's entries, in words. */
export function describeItems(decisions: readonly Decision[]): DescribedItems {
  const created: Record<string, number> = {};
  const items: DescribedItems = { created, skipped: [], missing: [], forbidden: [] };
  for (const { entry, action, cause, reason, lostColumns } of decisions) {
    const kind = (entry.description ?? '').toLowerCase();
    const item = { what: describeEntry(entry), why: reason ?? 'the target has it already' };
    if (action !== 'skip') {
      if (!isData(entry) && !settings.has(kind)) created[kind] = (created[kind] ?? 0) + 1;
      if (lostColumns !== undefined) items.forbidden.push(item);
      else if (reason !== undefined) items.skipped.push(item);
    } else if (cause === 'missing' && !isTrivial(entry, reason)) items.missing.push(item);
    else if (cause === 'forbidden' && !isTrivial(entry, reason)) items.forbidden.push(item);
    // That a table of the platform is there is no news; that its rows stay away is.
    else if ((cause === 'absent' && !isTrivial(entry, reason)) || (cause === 'platform' && reason !== hadNoRows)) {
      items.skipped.push(item);
    }
  }
  return items;
}

/** Parts of a thing that is named already. */
function isTrivial({ description, schema }: DumpEntry, reason: string | undefined): boolean {
  if (reason?.startsWith('it needs ') !== true) return false;
  return trivial.has((description ?? '').toLowerCase()) || (schema !== null && isManagedSchema(schema));
}

const trivial = new Set(['comment', 'default', 'index attach', 'sequence owned by', 'sequence set', 'table attach']);
const settings = new Set(['encoding', 'stdstrings', 'searchpath']);

interface StepFacts {
  readonly target: TargetFacts;
  readonly jobs: number | undefined;
  readonly plan: Omit<RestorePlan, 'steps'>;
}

/** What will be done, in its order. */
export function listSteps(manifest: Manifest, { target, jobs, plan }: StepFacts): string[] {
  const tables = plan.decisions.filter(({ entry, action }) => entry.description === 'TABLE DATA' && action !== 'skip');
  const rowsOf = new Map(manifest.tables.map(({ oid, rows }) => [String(oid), rows ?? 0]));
  const rows = tables.reduce((sum, { entry }) => sum + (rowsOf.get(entry.oid) ?? 0), 0);
  const brings = plan.decisions.some(({ entry, action }) => entry.description === 'BLOBS' && action !== 'skip');
  const largeObjects = brings ? manifest.largeObjects.count : 0;
  const roles = plan.missingRoles.map(({ name }) => name);
  return [
    roles.length === 0 ? 'create no roles' : `create ${roles.length} roles: ${roles.join(', ')}`,
    `restore ${tables.length} tables with ${rows.toLocaleString('en-US')} rows and ${largeObjects} large objects into the database ${target.database} of PostgreSQL ${target.version} (${kinds[target.kind]})`,
    ...(plan.keepOwners ? [] : ['make owners, privileges and settings exactly what they were']),
    describeTransaction(jobs, plan.tolerant),
    'compare the result with the backup',
  ];
}

const kinds = {
  hosted: 'a Supabase project, without a superuser',
  'self-hosted': 'a self-hosted Supabase',
  plain: 'a plain PostgreSQL',
} as const;

function describeTransaction(jobs: number | undefined, tolerant: boolean): string {
  if (tolerant) return 'not in one transaction: statements that fail for what is missing are skipped and named';
  if (jobs === undefined) return 'all in one transaction: a failure leaves the target as it is now';
  return `definitions and rows in one transaction, then indexes and constraints with ${jobs} jobs at once: what was restored before a failure of those stays`;
}

interface ManualFacts {
  readonly wanted: Wanted;
  readonly source: CatalogIndex;
  readonly target: TargetFacts;
  readonly enableJobs: boolean;
}

/** What a person has to do afterwards. */
export function listManual({ wanted, source, target, enableJobs }: ManualFacts): string[] {
  const login = wanted.missingRoles.filter((role) => role.login).map(({ name }) => name);
  const known = new Set(target.catalog.filter((record) => record.class === 'vault secret').map(({ name }) => name));
  const secrets = [...(source.get('vault secret')?.keys() ?? [])].filter((name) => target.superuser || !known.has(name));
  const sleeping = enableJobs
    ? []
    : [
        ...wanted.jobs.filter(({ active }) => active).map(({ job, command }) => `cron job ${job ?? command}`),
        ...wanted.webhooks.map(({ trigger, table }) => `webhook ${trigger} on ${table}`),
      ];
  return [
    ...(login.length === 0 ? [] : [`set new passwords, which no backup holds, for: ${login.join(', ')}`]),
    ...(secrets.length === 0 || target.kind === 'plain'
      ? []
      : [`make these vault secrets again, or bring the root key of the source: ${secrets.join(', ')}`]),
    ...(sleeping.length === 0
      ? []
      : [`switch on what acts on the outside world, when it shall (or restore with --enable-jobs): ${sleeping.join(', ')}`]),
  ];
}
