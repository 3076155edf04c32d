import type { Manifest, Role } from '../domain/manifest.ts';
import type { TargetFacts } from './target.ts';

/** What a restore will do, what speaks against it, and what it leaves to the user. */
export interface RestorePlan {
  readonly steps: readonly string[];
  /** Each of these forbids the restore. */
  readonly refusals: readonly string[];
  /** Each of these is something that will not come back; the restore goes on only when the user has said so. */
  readonly losses: readonly string[];
  /** What a person has to do afterwards. */
  readonly manual: readonly string[];
  /** Roles of the source that the target lacks. */
  readonly missingRoles: readonly Role[];
  /** Whether owners and privileges can be restored: only a superuser may give objects to any role. */
  readonly keepOwners: boolean;
  /** Statements that fail are skipped and named instead of ending the restore. */
  readonly tolerant: boolean;
}

/** Compares a backup with a target; pure. */
export function planRestore(manifest: Manifest, target: TargetFacts, jobs: number | undefined): RestorePlan {
  const missingRoles = target.superuser ? manifest.roles.filter(({ name }) => !target.roles.has(name)) : [];
  const losses = listLosses(manifest, target);
  return {
    steps: listSteps(manifest, target, { missingRoles, jobs, tolerant: losses.length > 0 }),
    refusals: listRefusals(manifest, target),
    losses,
    manual: listManual(missingRoles),
    missingRoles,
    keepOwners: target.superuser,
    tolerant: losses.length > 0,
  };
}

function listRefusals(manifest: Manifest, target: TargetFacts): string[] {
  const sourceMajor = Math.trunc(manifest.server.versionNumber / 10_000);
  return [
    ...(target.contents.length === 0
      ? []
      : [`the database ${target.database} is not empty: ${target.contents.slice(0, 5).join(', ')}`]),
    ...(target.major < sourceMajor
      ? [`the target is PostgreSQL ${target.version}, older than the source (${manifest.server.version})`]
      : []),
  ];
}

function listLosses(manifest: Manifest, target: TargetFacts): string[] {
  const unavailable = manifest.extensions.filter(({ name }) => !target.availableExtensions.has(name));
  const unread = manifest.coverage.filter(({ state }) => state === 'not readable');
  return [
    ...unread.map(({ component, detail }) => `${component} is not in the backup (${detail})`),
    ...unavailable.map(({ name, version }) => `extension ${name} ${version} is not installed on the target's server`),
    ...(target.superuser
      ? []
      : [`role ${target.role} is no superuser: owners, privileges and missing roles cannot be restored`]),
  ];
}

interface StepOptions {
  readonly missingRoles: readonly Role[];
  readonly jobs: number | undefined;
  readonly tolerant: boolean;
}

function listSteps(manifest: Manifest, target: TargetFacts, options: StepOptions): string[] {
  const rows = manifest.tables.reduce((sum, table) => sum + (table.kind === 'table' ? (table.rows ?? 0) : 0), 0);
  const tables = manifest.tables.filter(({ kind }) => kind === 'table').length;
  const roles = options.missingRoles.map(({ name }) => name);
  return [
    roles.length === 0 ? 'create no roles: the target has them all' : `create ${roles.length} roles: ${roles.join(', ')}`,
    `restore ${tables} tables with ${rows.toLocaleString('en-US')} rows and ${manifest.largeObjects.count} large objects into the empty database ${target.database} of PostgreSQL ${target.version}`,
    describeTransaction(options),
    'count the rows of every table and compare them with the manifest',
  ];
}

function describeTransaction({ jobs, tolerant }: StepOptions): string {
  if (tolerant) return 'not in one transaction: statements that fail for what is missing are skipped and named';
  if (jobs === undefined) return 'all in one transaction: a failure leaves the target as it is now';
  return `with ${jobs} jobs at once, not in one transaction: what was restored before a failure stays`;
}

function listManual(missingRoles: readonly Role[]): string[] {
  const login = missingRoles.filter((role) => role.login).map(({ name }) => name);
  return login.length === 0 ? [] : [`set new passwords, which no backup holds, for: ${login.join(', ')}`];
}
