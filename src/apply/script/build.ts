import { stageSchema } from '../../domain/rewrite-dump.ts';
import { describeEntry } from '../../domain/restore-selection.ts';
import type { Decision } from '../../domain/selection.ts';
import { quoteIdentifier, quoteLiteral } from '../../domain/sql.ts';
import { tolerateFailure } from '../../domain/tolerant.ts';
import { createRoleStatements } from '../roles.ts';
import type { RestoreScript } from '../plan-types.ts';
import type { TableName } from '../../domain/restore-scope.ts';
import { scheduleJobs } from './cron.ts';
import { checkForeignKeys } from './foreign-keys.ts';
import { restoreLargeObjects } from './large-objects.ts';
import { restoreOwners } from './owners.ts';
import { reconcilePrivileges } from './privileges.ts';
import { borrowMemberships, createRolesWithoutSuperuser, grantMemberships } from './roles.ts';
import { lendSearchPath } from './search-paths.ts';
import { silenceTriggers } from './triggers.ts';
import { applySettings } from './settings.ts';
import { withholdFromEverybody } from './withhold.ts';
import type { Wanted } from '../wanted/find-wanted.ts';

export interface ScriptRequest {
  readonly wanted: Wanted;
  readonly decisions: readonly Decision[];
  readonly target: {
    readonly role: string;
    readonly superuser: boolean;
    readonly major: number;
    readonly database: string;
    readonly replicates: boolean;
  };
  readonly searchPath: string;
  readonly enableJobs: boolean;
  /** Statements about extensions that are there already. */
  readonly extensions: readonly string[];
  /** Columns that tables of the platform get before their rows come. */
  readonly columns: readonly string[];
  /** Statements that give columns their values which the source computes and the target does not. */
  readonly computed: readonly string[];
  /** What goes first. */
  readonly clean: readonly string[];
  /** Tables that were there before and get rows: their foreign keys are checked. */
  readonly checkedTables: readonly TableName[];
  /** Those whose triggers can be put to sleep, since all of the restore is one transaction. */
  readonly silencedTables: readonly TableName[];
  /** Whether the rows are committed, and so can be read, before the last statements are run. */
  readonly rowsAreSeen: boolean;
  /** Whether a foreign key that does not hold ends the restore. */
  readonly strict: boolean;
}

/** Everything that a restore does beside the entries of the dump, in its order; pure. */
export function buildScript(request: ScriptRequest): RestoreScript {
  const { wanted, target, decisions } = request;
  const membership = target.superuser
    ? { borrow: [], giveBack: [] }
    : borrowMemberships(wanted.borrowedRoles, target.role, target.major);
  const paths = lendSearchPath(decisions, { searchPath: request.searchPath, major: target.major });
  const { silence, wake } = silenceTriggers(request.silencedTables);
  const first = [...request.clean, ...silence];
  const replica = target.replicates ? 'SET session_replication_role = replica;' : '';
  return {
    before: [
      'SET client_min_messages = warning;',
      ...(target.superuser
        ? createRoleStatements(wanted.missingRoles, wanted.roles)
        : createRolesWithoutSuperuser(wanted.missingRoles)),
      ...wanted.expiries.map(
        ({ role, validUntil }) => `ALTER ROLE ${quoteIdentifier(role)} VALID UNTIL ${quoteLiteral(validUntil)};`,
      ),
      ...membership.borrow,
      ...(target.replicates
        ? ['SET session_replication_role = replica;', ...first, 'SET session_replication_role = origin;']
        : first),
      ...foundations(decisions),
      ...request.extensions,
      ...(decisions.some(({ action }) => action === 'stage') ? [`CREATE SCHEMA ${stageSchema};`] : []),
    ],
    // Triggers of a platform do not fire for rows that are loaded, nor its event triggers for what is made (pg_restore makes
    // extensions before, since those of a platform have to).
    preparation: `SELECT pg_catalog.set_config('search_path', ${quoteLiteral(request.searchPath)}, false); ${replica}`,
    // From then on what is run on behalf of an object, as the functions of an index are, is run as its owner.
    between: [
      ...request.columns,
      ...paths.lend,
      ...restoreOwners(wanted.owners, { superuser: target.superuser, last: false }),
      ...(request.rowsAreSeen ? withholdFromEverybody(decisions) : []),
    ],
    after: [
      // Planning a query looks at the expressions of indexes, whose functions may want the search_path that the rows came with.
      `SELECT pg_catalog.set_config('search_path', ${quoteLiteral(request.searchPath)}, false);`,
      ...request.computed,
      ...wake,
      ...checkForeignKeys(request.checkedTables, request.strict),
      "SELECT pg_catalog.set_config('search_path', '', false);",
      ...restoreOwners(wanted.owners, { superuser: target.superuser, last: true }),
      ...reconcilePrivileges(wanted.privileges, wanted.defaults),
      ...restoreLargeObjects(wanted.largeObjects),
      ...wanted.publications,
      ...applySettings(wanted.settings, target.database),
      ...wanted.roleComments.map(({ role, text }) =>
        tolerateFailure(`comment on role ${role}`, `COMMENT ON ROLE ${quoteIdentifier(role)} IS ${quoteLiteral(text)}`),
      ),
      ...scheduleJobs(wanted.jobs, { database: target.database, role: target.role, enable: request.enableJobs }),
      ...(request.enableJobs ? [] : wanted.webhooks.map(disableWebhook)),
      ...grantMemberships(wanted.memberships.filter(({ member }) => member !== target.role)),
      ...refreshMaterializedViews(decisions, request.searchPath),
      ...paths.takeBack,
      ...membership.giveBack,
      ...grantMemberships(wanted.memberships.filter(({ member }) => member === target.role)),
      ...(decisions.some(({ action }) => action === 'stage') ? [`DROP SCHEMA ${stageSchema};`] : []),
      // PostgREST keeps the definitions in memory: https://docs.postgrest.org/en/stable/references/schema_cache.html
      "NOTIFY pgrst, 'reload schema';",
    ],
  };
}

/**
 * A query that a view's owner wrote is run as that owner, with the rights and the row-level security that the owner has: by now both are
 * what they were. One that fails leaves its view empty, and is named.
 */
function refreshMaterializedViews(decisions: readonly Decision[], searchPath: string): string[] {
  const refreshes = decisions.filter((decision) => decision.action !== 'skip' && isRefresh(decision));
  if (refreshes.length === 0) return [];
  return [
    `SELECT pg_catalog.set_config('search_path', ${quoteLiteral(searchPath)}, false);`,
    'SET row_security = on;',
    ...refreshes.map(({ entry }) => tolerateFailure(describeEntry(entry), entry.definition ?? '')),
    'SET row_security = off;',
    "SELECT pg_catalog.set_config('search_path', '', false);",
  ];
}

function isRefresh({ entry }: Decision): boolean {
  return entry.description === 'MATERIALIZED VIEW DATA';
}

/** Whether the script does it, so that the dump must not. */
export function isOfScript(decision: Decision): boolean {
  return isFoundation(decision) || isRefresh(decision);
}

/** Schemas and extensions come before everything else, and with all event triggers awake: platforms grant rights on extensions so. */
const foundation = new Set(['SCHEMA', 'EXTENSION']);

function isFoundation({ entry }: Decision): boolean {
  return foundation.has(entry.description ?? '');
}

function foundations(decisions: readonly Decision[]): string[] {
  return decisions
    .filter((decision) => decision.action !== 'skip' && isFoundation(decision))
    .map(({ entry }) => entry.definition ?? '');
}

function disableWebhook({ table, trigger }: Wanted['webhooks'][number]): string {
  return tolerateFailure(`disabling of webhook ${trigger} on ${table}`, `ALTER TABLE ${table} DISABLE TRIGGER ${trigger}`);
}
