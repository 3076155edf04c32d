import { findAskedEntries, type AskedEntries } from '../domain/asked-entries.ts';
import { indexCatalog, type CatalogIndex } from '../domain/catalog-index.ts';
import type { DumpEntry, DumpHead } from '../domain/dump-head.ts';
import { hiddenOptions } from '../domain/coverage.ts';
import type { Manifest } from '../domain/manifest.ts';
import { majorOfVersion, tellAsNewer } from '../domain/newer-server.ts';
import { isManagedSchema } from '../domain/platform.ts';
import { isSamePlatform } from '../domain/platform-version.ts';
import { isWhole } from '../domain/restore-scope.ts';
import { entryKey, selectEntries } from '../domain/restore-selection.ts';
import { chooseSearchPath } from '../domain/search-path.ts';
import type { Decision } from '../domain/selection.ts';
import { addUsersColumns } from './added-columns.ts';
import { planArrival, type Arrival } from './arrival.ts';
import { computeColumns } from './computed-columns.ts';
import { listDeviations } from './deviations.ts';
import { describeItems, listManual, listSteps } from './plan-texts.ts';
import type { PlanRequest, RestorePlan } from './plan-types.ts';
import { setSequenceValue } from './sequence-values.ts';
import { buildScript } from './script/build.ts';
import { moveExtensions } from './wanted/extensions.ts';
import { isUsableMember } from './wanted/facts.ts';
import { limitWanted, withMadeWebhooks, withoutRestoredSecrets } from './wanted/limit.ts';
import { findWanted } from './wanted/find-wanted.ts';

/** Compares a backup with a target; pure. */
export function planRestore(request: PlanRequest): RestorePlan {
  const { manifest, target, scope } = request;
  const arrival = planArrival(request);
  const found = request.catalog === undefined ? [] : target.catalog.filter(arrival.clearing.remainsRecord);
  const servers = { source: majorOfVersion(manifest.server.versionNumber), target: target.major, found };
  const catalog = request.catalog === undefined ? undefined : tellAsNewer(request.catalog, servers);
  const source = indexCatalog(catalog ?? []);
  const onTarget = indexCatalog(target.catalog);
  const samePlatform = isSamePlatform(catalog ?? [], target.catalog);
  const existing = new Set(target.entries.filter(arrival.clearing.remains).map(entryKey));
  const asked = findAskedEntries(request.head.entries, scope, {
    existing,
    isPlatform: ({ schema }) => target.kind !== 'plain' && schema !== null && isManagedSchema(schema),
  });
  const chosen = catalog === undefined ? takeAll(request.head) : decide(request, { samePlatform, existing, asked, arrival });
  const mayAddColumns = target.kind === 'self-hosted' && samePlatform && catalog !== undefined;
  const added = mayAddColumns ? addUsersColumns(chosen, catalog) : { decisions: chosen, statements: [] };
  const computed = computeColumns(added.decisions, {
    catalog: catalog ?? [],
    relations: arrival.relations,
    appends: scope.mode === 'append',
  });
  const { decisions } = computed;
  const all = findWanted({ source, found: indexCatalog(found), roles: manifest.roles, target: { ...target, samePlatform } });
  const limited = withMadeWebhooks(isWhole(scope) ? all : limitWanted(all, scope, decisions), decisions);
  const wanted = {
    ...limited,
    borrowedRoles: withOwners(limited.borrowedRoles, arrival.clearing.owners, { role: target.role, found: onTarget }),
  };
  const items = describeItems(decisions);
  // What could not be read has left no trace in the dump, so what refers to it fails where it is met.
  const tolerant = request.allowIncomplete || manifest.coverage.some(({ state }) => state === 'not readable');
  const rowsAreSeen = tolerant || request.jobs !== undefined;
  const plan = {
    kind: target.kind,
    refusals: [...listRefusals(request), ...arrival.refusals(asked), ...refuseUnknown(asked)],
    losses: [...(isWhole(scope) ? listUnread(manifest) : []), ...items.missing.map(({ what, why }) => `${what} (${why})`)],
    forbidden: [...items.forbidden, ...withoutRestoredSecrets(wanted.forbidden, decisions)],
    created: items.created,
    replaced: arrival.replaced(asked),
    skipped: [...listDeviations(manifest, source, { target, found: onTarget }), ...items.skipped],
    outside: listOutside(request),
    missingRoles: wanted.missingRoles,
    keepOwners: catalog === undefined,
    tolerant,
    decisions,
    manual: [
      ...listManual({ wanted, source: isWhole(scope) ? source : new Map(), target, enableJobs: request.enableJobs }),
      ...(isWhole(scope) ? listHiddenOptions(manifest) : []),
      ...(catalog === undefined ? listUntaken(request.head) : []),
    ],
    script: buildScript({
      wanted,
      decisions: catalog === undefined ? [] : decisions,
      target,
      searchPath: chooseSearchPath(source),
      enableJobs: request.enableJobs,
      clean: arrival.statements(asked),
      columns: added.statements,
      computed: computed.statements,
      extensions: isWhole(scope) ? moveExtensions(source, onTarget, decisions) : [],
      checkedTables: arrival.checkedTables(decisions),
      silencedTables: rowsAreSeen ? [] : arrival.checkedTables(decisions),
      rowsAreSeen,
      strict: !isWhole(scope),
    }),
  };
  return { ...plan, steps: listSteps(manifest, { target, jobs: request.jobs, plan }) };
}

/** Only its owner drops a thing. */
function withOwners(
  roles: readonly string[],
  owners: readonly string[],
  { role, found }: { readonly role: string; readonly found: CatalogIndex },
): string[] {
  return [...new Set([...roles, ...owners.filter((owner) => owner !== role && !isUsableMember(found, owner, role))])];
}

/** A backup without a catalog is restored as pg_restore does it, privileges included; what is of the database itself it leaves out. */
function takeAll(head: DumpHead): Decision[] {
  return head.entries.map((entry) =>
    isOfDatabase(entry) ? { entry, action: 'skip', cause: 'elsewhere' } : { entry, action: 'keep' },
  );
}

/** https://www.postgresql.org/docs/current/app-pgrestore.html: only with --create, which names the database as it was. */
function isOfDatabase({ description, tag }: DumpEntry): boolean {
  return (description ?? '').startsWith('DATABASE') || (tag ?? '').startsWith('DATABASE ');
}

/** What a backup without a catalog holds and nobody restores. */
function listUntaken(head: DumpHead): string[] {
  const kinds = new Set(head.entries.filter(isOfDatabase).map(({ description }) => ofDatabase[description ?? '']));
  const named = [...kinds].filter((kind) => kind !== undefined).toSorted();
  if (named.length === 0) return [];
  return [
    `set again what the backup, of a version that captured no catalog, cannot bring back of the database itself: ${named.join(', ')}`,
  ];
}

const ofDatabase: Readonly<Record<string, string>> = {
  'DATABASE PROPERTIES': 'settings',
  ACL: 'privileges',
  COMMENT: 'comment',
  'SECURITY LABEL': 'security label',
};

interface DecideFacts {
  readonly samePlatform: boolean;
  readonly existing: ReadonlySet<string>;
  readonly asked: AskedEntries;
  readonly arrival: Arrival;
}

function decide({ manifest, head, target, scope }: PlanRequest, facts: DecideFacts): Decision[] {
  const { samePlatform, existing, asked, arrival } = facts;
  const rows = new Map(manifest.tables.map((table) => [String(table.oid), table.rows ?? 0]));
  const objects = { ...target, relations: arrival.relations, samePlatform, existing };
  const decisions = selectEntries(head.entries, objects, { rows, asked: ({ dumpId }) => asked.ids.has(dumpId) });
  const sequences = { relations: arrival.relations, neverBack: scope.mode === 'append' };
  return decisions.map((decision) => setSequenceValue(decision, sequences));
}

function listRefusals({ manifest, target, catalog, scope, jobs, clean }: PlanRequest): string[] {
  const isPart = !isWhole(scope);
  return [
    ...(target.contents.length === 0 || clean || isPart
      ? []
      : [`the database ${target.database} is not empty: ${target.contents.slice(0, 5).join(', ')}`]),
    ...(target.major < majorOfVersion(manifest.server.versionNumber)
      ? [`the target is PostgreSQL ${target.version}, older than the source (${manifest.server.version})`]
      : []),
    ...(catalog === undefined && target.kind !== 'plain'
      ? ['the backup is of a version that captured no catalog, and can be restored into a plain PostgreSQL only']
      : []),
    ...(catalog === undefined && target.kind === 'plain' && !target.superuser
      ? [`the backup is of a version that captured no privileges, and role ${target.role} is no superuser`]
      : []),
    ...(catalog === undefined && (isPart || clean)
      ? ['the backup is of a version of which only the whole can be restored, into an empty database']
      : []),
    ...(clean && isPart ? ['--clean replaces the whole; for a part say --mode replace'] : []),
    ...(jobs !== undefined && (isPart || clean)
      ? ['with --jobs only the whole can be restored, into an empty database: what goes first would be gone if it fails']
      : []),
  ];
}

function refuseUnknown({ refusals, unknown }: AskedEntries): string[] {
  return [...unknown.map((what) => `${what} is not in the backup`), ...refusals];
}

function listUnread(manifest: Manifest): string[] {
  const unread = manifest.coverage.filter(({ state }) => state === 'not readable');
  return unread.map(({ component, detail }) => `${component} is not in the backup (${detail})`);
}

function listHiddenOptions({ coverage }: Manifest): string[] {
  const hidden = coverage.filter(({ component }) => component === hiddenOptions);
  return hidden.map(({ detail }) => `set the options of these user mappings, which the backup could not read: ${detail}`);
}

function listOutside({ jobs }: PlanRequest): string[] {
  return [
    ...(jobs === undefined
      ? []
      : ['indexes, constraints, triggers and policies, and after them privileges, settings and jobs']),
    'statistics for the planner (ANALYZE)',
  ];
}
