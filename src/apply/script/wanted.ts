import {
  commentSchema,
  cronJobSchema,
  defaultPrivilegesSchema,
  largeObjectsSchema,
  membershipRecordSchema,
  ownerSchema,
  privilegesSchema,
  roleRecordSchema,
  settingSchema,
} from '../../domain/catalog.ts';
import { holdsSame, recordsOf, type CatalogIndex, type TypedRecord } from '../../domain/catalog-index.ts';
import type { Role } from '../../domain/manifest.ts';
import { isChangeableReservedSetting, isManagedSchema, isPlatformOwner, isReservedRole } from '../../domain/platform.ts';
import type { TargetKind } from '../../domain/selection.ts';
import type { PlanItem } from '../plan-types.ts';
import type { CronJob } from './cron.ts';
import type { LargeObjectGroup } from './large-objects.ts';
import type { WantedOwner } from './owners.ts';
import type { WantedDefaults, WantedPrivileges } from './privileges.ts';
import { wantedPublications } from './publications.ts';
import type { MembershipRecord } from './roles.ts';
import { describeSetting, type Setting } from './settings.ts';
import { wantedWebhooks, type Webhook } from './webhooks.ts';

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

export interface WantedRequest {
  readonly source: CatalogIndex;
  readonly found: CatalogIndex;
  /** Roles of the source, from the manifest. */
  readonly roles: readonly Role[];
  readonly target: {
    readonly kind: TargetKind;
    readonly role: string;
    readonly superuser: boolean;
    readonly createsRoles: boolean;
    readonly roles: ReadonlySet<string>;
    readonly samePlatform: boolean;
  };
}

/** Compares two catalogs; pure. What the target does not allow is told in `forbidden`. */
export function findWanted(request: WantedRequest): Wanted {
  const { source, found, target } = request;
  const lacking = request.roles.filter(
    ({ name }) => !target.roles.has(name) && !(target.kind !== 'plain' && isReservedRole(name)),
  );
  const missingRoles = target.createsRoles ? lacking : [];
  const forbidden: PlanItem[] = target.createsRoles ? [] : lacking.map(({ name }) => forbiddenRole(name, target.role));
  const actsAs = findActingRoles(request, missingRoles);
  const facts: Facts = { ...request, missing: new Set(missingRoles.map(({ name }) => name)), actsAs, forbidden };
  const owners = wantedOwners(facts);
  const privileges = wantedPrivileges(facts);
  const defaults = wantedDefaults(facts);
  return {
    roles: request.roles,
    missingRoles,
    borrowedRoles: [...actsAs].filter((role) => role !== target.role).toSorted(),
    owners,
    privileges,
    defaults,
    largeObjects: wantedLargeObjects(facts),
    publications: wantedPublications(source, found),
    settings: wantedSettings(facts),
    memberships: wantedMemberships(facts),
    roleComments: recordsOf(source, 'comment', commentSchema)
      .filter(({ value }) => value.type === 'role')
      .map(({ value }) => ({ role: unquote(value.identity), text: value.text }))
      .filter(({ role }) => facts.missing.has(role)),
    expiries: recordsOf(source, 'role', roleRecordSchema).flatMap(({ name, value }) => {
      const role = unquote(name);
      return value.validUntil === undefined || !facts.missing.has(role) ? [] : [{ role, validUntil: value.validUntil }];
    }),
    jobs: wantedJobs(source, found),
    webhooks: wantedWebhooks(source),
    forbidden: [...forbidden, ...forbiddenAttributes(missingRoles, target.superuser), ...forbiddenSecrets(request)],
  };
}

interface Facts extends WantedRequest {
  readonly missing: ReadonlySet<string>;
  readonly actsAs: ReadonlySet<string>;
  readonly forbidden: PlanItem[];
}

/** Roles in whose name the restoring role can act, or will be able to: not those of the platform, unless it is a member. */
function findActingRoles({ found, roles, target }: WantedRequest, missing: readonly Role[]): Set<string> {
  const memberships = recordsOf(found, 'membership', membershipRecordSchema).map(({ value }) => value);
  const member = memberships.filter(({ member }) => member === target.role).map(({ role }) => role);
  const own = target.kind === 'plain' ? missing : [...missing, ...roles];
  return new Set([
    target.role,
    ...member,
    ...own.map(({ name }) => name).filter((name) => target.kind === 'plain' || !isReservedRole(name)),
  ]);
}

function mayActAs({ target, actsAs }: Facts, role: string): boolean {
  return target.superuser || actsAs.has(role);
}

function isManaged({ target }: Facts, schema: string | null): boolean {
  return target.kind !== 'plain' && schema !== null && isManagedSchema(schema);
}

function wantedOwners(facts: Facts): WantedOwner[] {
  const { source, found, target } = facts;
  const wanted: WantedOwner[] = [];
  const given = new Map<string, string[]>();
  for (const { name, schema, value, record } of recordsOf(source, 'owner', ownerSchema)) {
    if (holdsSame(found, record)) continue;
    // What the platform has there already is the platform's.
    if (isManaged(facts, schema) && found.get('owner')?.has(name) === true) continue;
    if ((schema === null || isManaged(facts, schema)) && isPlatformOwner(value.owner) && target.kind === 'hosted') continue;
    if (value.owner === target.role && found.get('owner')?.has(name) !== true) continue;
    if (mayActAs(facts, value.owner)) wanted.push({ ...value, schema });
    else given.set(value.owner, [...(given.get(value.owner) ?? []), name]);
  }
  for (const [owner, names] of given) {
    facts.forbidden.push({
      what: `owner ${owner} of ${names.length === 1 ? names[0] : `${names.length} objects (${names.slice(0, 3).join(', ')}...)`}`,
      why: `${target.role} may not give anything to that role`,
      explains: names.map((name) => `owner ${name}`),
    });
  }
  return wanted;
}

function wantedPrivileges(facts: Facts): WantedPrivileges[] {
  const { source, found, target } = facts;
  const owners = new Map(recordsOf(source, 'owner', ownerSchema).map(({ name, value }) => [name, value.owner]));
  const wanted: WantedPrivileges[] = [];
  for (const { name, schema, value, record } of recordsOf(source, 'privileges', privilegesSchema)) {
    if (holdsSame(found, record)) continue;
    if (isManaged(facts, schema) && found.get('privileges')?.has(name) === true) {
      // Another version of the platform grants other things.
      if (!target.samePlatform) continue;
      const before = privilegesSchema.parse(found.get('privileges')!.get(name)!.value).grants;
      const changes = differentGrants(value.grants, before);
      if (changes.every(({ grantor }) => mayActAs(facts, grantor))) wanted.push({ ...value, owner: undefined });
      else
        facts.forbidden.push({
          what: `privileges of ${name}`,
          why: `they were granted by ${[...new Set(changes.map(({ grantor }) => grantor))].join(', ')}`,
          explains: [`privileges ${name}`],
        });
      continue;
    }
    wanted.push({ ...value, owner: ownerOf(owners, value) });
  }
  return wanted;
}

const relationTypes = ['table', 'view', 'materialized view', 'foreign table', 'sequence'];

function ownerOf(
  owners: ReadonlyMap<string, string>,
  { type, identity, grants }: Omit<WantedPrivileges, 'owner'>,
): string | undefined {
  const names = type === 'table column' ? relationTypes.map((relation) => `${relation} ${identity}`) : [`${type} ${identity}`];
  return names.map((name) => owners.get(name)).find((owner) => owner !== undefined) ?? soleGrantor(grants);
}

type Grants = WantedPrivileges['grants'];

/** Of what has no record of its owner, the database and the languages of the server itself. */
function soleGrantor(grants: Grants): string | undefined {
  const [first] = grants;
  return grants.every(({ grantor }) => grantor === first?.grantor) ? first?.grantor : undefined;
}

function differentGrants(a: Grants, b: Grants): Grants {
  const keys = (grants: Grants): Set<string> => new Set(grants.map((grant) => JSON.stringify(grant)));
  const [inA, inB] = [keys(a), keys(b)];
  return [...a.filter((grant) => !inB.has(JSON.stringify(grant))), ...b.filter((grant) => !inA.has(JSON.stringify(grant)))];
}

function wantedDefaults(facts: Facts): WantedDefaults[] {
  const { source, found } = facts;
  const wanted: WantedDefaults[] = [];
  const consider = (record: TypedRecord<WantedDefaults>, grants: WantedDefaults['grants']): void => {
    const { role } = record.value;
    if (mayActAs(facts, role)) wanted.push({ ...record.value, grants });
    // The platform sets those of its own roles, and no user could.
    else if (!isReservedRole(role))
      facts.forbidden.push({
        what: `default privileges ${record.name}`,
        why: `they are those of role ${role}`,
        explains: [`default privileges ${record.name}`],
      });
  };
  const records = recordsOf(source, 'default privileges', defaultPrivilegesSchema);
  for (const record of records) if (!holdsSame(found, record.record)) consider(record, record.value.grants);
  const names = new Set(records.map(({ name }) => name));
  for (const record of recordsOf(found, 'default privileges', defaultPrivilegesSchema)) {
    if (!names.has(record.name) && facts.target.kind !== 'plain' && !isManaged(facts, record.value.schema))
      consider(record, null);
  }
  return wanted;
}

function wantedLargeObjects(facts: Facts): LargeObjectGroup[] {
  const { source, target } = facts;
  return recordsOf(source, 'large objects', largeObjectsSchema).flatMap(({ name, value }) => {
    const isDefault = value.owner === target.role && value.grants.every(({ grantee }) => grantee === target.role);
    if (isDefault) return [];
    if (mayActAs(facts, value.owner)) return [value];
    facts.forbidden.push({
      what: `owner ${value.owner} of ${name}`,
      why: `${target.role} may not give them away to that role`,
      explains: [`large objects ${name}`],
    });
    return [];
  });
}

function wantedSettings(facts: Facts): Setting[] {
  const { source, found, target, missing, forbidden } = facts;
  return recordsOf(source, 'setting', settingSchema).flatMap(({ name, value, record }) => {
    if (holdsSame(found, record)) return [];
    const { role } = value;
    // Set when the role is created.
    if (role !== null && missing.has(role) && !value.inDatabase) return [];
    const parameter = value.setting.slice(0, value.setting.indexOf('='));
    if (target.kind === 'plain') return role === null || missing.has(role) || value.inDatabase ? [value] : [];
    if (target.superuser) return [value];
    if (role === null && parameter.startsWith('app.settings.')) {
      forbidden.push({ what: describeSetting(value), why: 'the platform does not allow it', explains: [`setting ${name}`] });
      return [];
    }
    const isOfPlatform =
      role !== null && isReservedRole(role) && role !== target.role && !isChangeableReservedSetting(parameter);
    return isOfPlatform ? [] : [value];
  });
}

/** A membership between two roles that the target had before is its own affair, unless the platform made only one of them. */
function wantedMemberships(facts: Facts): MembershipRecord[] {
  const { source, found, target, missing, forbidden } = facts;
  const known = (role: string): boolean => target.roles.has(role) || missing.has(role) || role.startsWith('pg_');
  return recordsOf(source, 'membership', membershipRecordSchema).flatMap(({ name, value, record }) => {
    const { role, member } = value;
    if (holdsSame(found, record) || !known(role) || !known(member)) return [];
    const isNew = missing.has(role) || missing.has(member);
    if (target.kind === 'plain') return isNew ? [value] : [];
    if (isReservedRole(role) && isReservedRole(member)) return [];
    if (target.superuser || !/^(authenticator$|supabase_|pg_)/.test(role)) return [value];
    forbidden.push({
      what: `membership of ${member} in ${role}`,
      why: 'the platform does not give that role to others',
      explains: [`membership ${name}`],
    });
    return [];
  });
}

function wantedJobs(source: CatalogIndex, found: CatalogIndex): CronJob[] {
  return recordsOf(source, 'cron job', cronJobSchema)
    .filter(({ name }) => found.get('cron job')?.has(name) !== true)
    .map(({ value }) => value);
}

function forbiddenRole(name: string, by: string): PlanItem {
  return { what: `role ${name}`, why: `${by} may not create roles`, explains: [`role ${name}`] };
}

function forbiddenAttributes(missing: readonly Role[], superuser: boolean): PlanItem[] {
  if (superuser) return [];
  return missing
    .filter((role) => role.superuser)
    .map(({ name }) => ({
      what: `SUPERUSER of role ${name}`,
      why: 'only a superuser makes superusers',
      explains: [`role ${name}`],
    }));
}

/** Their values are encrypted with the key of the source, and only vault's own functions may write them. */
function forbiddenSecrets({ source, found, target }: WantedRequest): PlanItem[] {
  const names = [...(source.get('vault secret')?.keys() ?? [])].filter((name) => found.get('vault secret')?.has(name) !== true);
  if (target.kind !== 'hosted') return [];
  return names.map((name) => ({
    what: `vault secret ${name}`,
    why: 'its value can be read only with the key of the source',
    explains: [`vault secret ${name}`],
  }));
}

/** A name as the catalog quotes it where it has to. */
function unquote(identity: string): string {
  return identity.startsWith('"') ? identity.slice(1, -1).replaceAll('""', '"') : identity;
}
