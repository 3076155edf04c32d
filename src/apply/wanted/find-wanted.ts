import { commentSchema, cronJobSchema, roleRecordSchema } from '../../domain/catalog.ts';
import { holdsSame, recordsOf, type CatalogIndex } from '../../domain/catalog-index.ts';
import type { Role } from '../../domain/manifest.ts';
import { isReservedRole } from '../../domain/platform.ts';
import { unquoteIdentifier } from '../../domain/sql.ts';
import type { PlanItem } from '../plan-types.ts';
import type { CronJob } from '../script/cron.ts';
import type { LargeObjectGroup } from '../script/large-objects.ts';
import type { WantedOwner } from '../script/owners.ts';
import type { WantedDefaults, WantedPrivileges } from '../script/privileges.ts';
import { wantedPublications } from './publications.ts';
import type { MembershipRecord } from '../script/roles.ts';
import type { Setting } from '../script/settings.ts';
import { wantedWebhooks, type Webhook } from './webhooks.ts';
import { findActingRoles, isUsableMember, type Facts, type WantedRequest } from './facts.ts';
import { wantedLargeObjects, wantedOwners } from './owners.ts';
import { wantedDefaults, wantedPrivileges } from './privileges.ts';
import { forbiddenAttributes, forbiddenRole, wantedMemberships, wantedSettings } from './roles.ts';

/** What the source had and the target lacks, of all that is not in the dump's table of contents. */
export interface Wanted {
  readonly roles: readonly Role[];
  readonly missingRoles: readonly Role[];
  /** Roles that the restoring one has to be a member of for a while. */
  readonly borrowedRoles: readonly string[];
  readonly owners: readonly WantedOwner[];
  readonly privileges: readonly WantedPrivileges[];
  readonly defaults: readonly WantedDefaults[];
  readonly largeObjects: readonly LargeObjectGroup[];
  /** Statements that change publications which the target has already. */
  readonly publications: readonly string[];
  readonly settings: readonly Setting[];
  readonly memberships: readonly MembershipRecord[];
  /** Dates at which the passwords of missing roles end. */
  readonly expiries: readonly { readonly role: string; readonly validUntil: string }[];
  readonly roleComments: readonly { readonly role: string; readonly text: string }[];
  readonly jobs: readonly CronJob[];
  readonly webhooks: readonly Webhook[];
  readonly forbidden: readonly PlanItem[];
}

/** Compares two catalogs; pure. What the target does not allow is told in `forbidden`. */
export function findWanted(request: WantedRequest): Wanted {
  const { source, found, target } = request;
  const lacking = request.roles.filter(
    ({ name }) => !target.roles.has(name) && !(target.kind !== 'plain' && isReservedRole(name)),
  );
  const missingRoles = target.createsRoles ? lacking : [];
  const forbidden: PlanItem[] = target.createsRoles ? [] : lacking.map(({ name }) => forbiddenRole(source, name, target.role));
  const actsAs = findActingRoles(request, missingRoles);
  const facts: Facts = { ...request, missing: new Set(missingRoles.map(({ name }) => name)), actsAs, forbidden };
  const owners = wantedOwners(facts);
  const privileges = wantedPrivileges(facts);
  const defaults = wantedDefaults(facts);
  return {
    roles: request.roles,
    missingRoles,
    borrowedRoles: [...actsAs].filter((role) => role !== target.role && !isUsableMember(found, role, target.role)).toSorted(),
    owners,
    privileges,
    defaults,
    largeObjects: wantedLargeObjects(facts),
    publications: wantedPublications(source, found),
    settings: wantedSettings(facts),
    memberships: wantedMemberships(facts),
    roleComments: recordsOf(source, 'comment', commentSchema)
      .filter(({ value }) => value.type === 'role')
      .map(({ value }) => ({ role: unquoteIdentifier(value.identity), text: value.text }))
      .filter(({ role }) => facts.missing.has(role)),
    expiries: recordsOf(source, 'role', roleRecordSchema).flatMap(({ name, value }) => {
      const role = unquoteIdentifier(name);
      return value.validUntil === undefined || !facts.missing.has(role) ? [] : [{ role, validUntil: value.validUntil }];
    }),
    jobs: wantedJobs(source, found),
    webhooks: wantedWebhooks(source),
    forbidden: [...forbidden, ...forbiddenAttributes(source, missingRoles, target.superuser), ...forbiddenSecrets(request)],
  };
}

function wantedJobs(source: CatalogIndex, found: CatalogIndex): CronJob[] {
  return (
    recordsOf(source, 'cron job', cronJobSchema)
      // Scheduling a job by its name again changes it; one without a name would be there twice.
      .filter(
        ({ name, value, record }) =>
          found.get('cron job')?.has(name) !== true || (value.job !== null && !holdsSame(found, record)),
      )
      .map(({ value }) => value)
  );
}

/** Their values are encrypted with the key of the source, and only vault's own functions may write them. */
function forbiddenSecrets({ source, found }: WantedRequest): PlanItem[] {
  const names = [...(source.get('vault secret')?.keys() ?? [])].filter((name) => found.get('vault secret')?.has(name) !== true);
  return names.map((name) => ({
    what: `vault secret ${name}`,
    why: 'its value can be read only with the key of the source',
    explains: [`vault secret ${name}`],
  }));
}
