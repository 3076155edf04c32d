import type { CatalogRecord } from '../domain/catalog.ts';
import { indexCatalog } from '../domain/catalog-index.ts';
import type { DumpHead } from '../domain/dump-head.ts';
import type { Manifest } from '../domain/manifest.ts';
import { entryKey, selectEntries } from '../domain/restore-selection.ts';
import { chooseSearchPath } from '../domain/search-path.ts';
import type { Decision } from '../domain/selection.ts';
import { describeItems, listManual, listSteps } from './plan-texts.ts';
import type { RestorePlan } from './plan-types.ts';
import { buildScript } from './script/build.ts';
import { findWanted } from './script/wanted.ts';
import type { TargetFacts } from './target.ts';

export interface PlanRequest {
  readonly manifest: Manifest;
  /** Undefined for a backup of a version that captured none. */
  readonly catalog: readonly CatalogRecord[] | undefined;
  readonly head: DumpHead;
  readonly target: TargetFacts;
  readonly jobs: number | undefined;
  /** Let cron jobs and webhooks act as soon as they are restored. */
  readonly enableJobs: boolean;
}

/** Compares a backup with a target; pure. */
export function planRestore(request: PlanRequest): RestorePlan {
  const { manifest, target, catalog } = request;
  const source = indexCatalog(catalog ?? []);
  const samePlatform = platformVersion(manifest, catalog) === platformVersion(manifest, target.catalog);
  const decisions = catalog === undefined ? takeAll(request.head) : decide(request, samePlatform);
  const wanted = findWanted({
    source,
    found: indexCatalog(catalog === undefined ? [] : target.catalog),
    roles: manifest.roles,
    target: { ...target, samePlatform },
  });
  const items = describeItems(decisions);
  // What could not be read has left no trace in the dump, so what refers to it fails where it is met.
  const tolerant = manifest.coverage.some(({ state }) => state === 'not readable');
  const plan = {
    kind: target.kind,
    refusals: listRefusals(request),
    losses: [...listUnread(manifest), ...items.missing.map(({ what, why }) => `${what} (${why})`)],
    forbidden: [...items.forbidden, ...wanted.forbidden],
    created: items.created,
    replaced: [],
    skipped: items.skipped,
    outside: listOutside(request),
    missingRoles: wanted.missingRoles,
    keepOwners: catalog === undefined,
    tolerant,
    decisions,
    manual: listManual({ wanted, source, target, enableJobs: request.enableJobs }),
    script: buildScript({
      wanted,
      decisions,
      target,
      searchPath: chooseSearchPath(source),
      enableJobs: request.enableJobs,
      clean: [],
    }),
  };
  return { ...plan, steps: listSteps(manifest, { target, jobs: request.jobs, plan }) };
}

/** A backup without a catalog is restored as pg_restore does it, privileges included. */
function takeAll(head: DumpHead): Decision[] {
  return head.entries.map((entry) => ({ entry, action: 'keep' }));
}

function decide({ manifest, head, target }: PlanRequest, samePlatform: boolean): Decision[] {
  const rows = new Map(manifest.tables.map((table) => [String(table.oid), table.rows ?? 0]));
  const existing = new Set(target.entries.map(entryKey));
  return selectEntries(head.entries, { ...target, samePlatform, existing }, { rows, asked: () => true });
}

/** The tables and columns of auth and storage tell which version of the platform it is. */
function platformVersion(_manifest: Manifest, catalog: readonly CatalogRecord[] | undefined): string {
  return (catalog ?? [])
    .filter((record) => record.class === 'platform version')
    .map(({ name, value }) => `${name} ${JSON.stringify(value)}`)
    .join();
}

function listRefusals({ manifest, target, catalog }: PlanRequest): string[] {
  const sourceMajor = Math.trunc(manifest.server.versionNumber / 10_000);
  return [
    ...(target.contents.length === 0
      ? []
      : [`the database ${target.database} is not empty: ${target.contents.slice(0, 5).join(', ')}`]),
    ...(target.major < sourceMajor
      ? [`the target is PostgreSQL ${target.version}, older than the source (${manifest.server.version})`]
      : []),
    ...(catalog === undefined && !target.superuser
      ? [`the backup is of a version that captured no privileges, and role ${target.role} is no superuser`]
      : []),
  ];
}

function listUnread(manifest: Manifest): string[] {
  const unread = manifest.coverage.filter(({ state }) => state === 'not readable');
  return unread.map(({ component, detail }) => `${component} is not in the backup (${detail})`);
}

function listOutside({ jobs }: PlanRequest): string[] {
  return [
    ...(jobs === undefined
      ? []
      : ['everything but roles, schemas, extensions and, at the end, owners, privileges and settings']),
    'statistics for the planner (ANALYZE)',
  ];
}
