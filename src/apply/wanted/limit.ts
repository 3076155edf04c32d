import { isAbout, simplify } from '../../domain/identity.ts';
import { asksFor, type Component, type RestoreScope } from '../../domain/restore-scope.ts';
import { isData, type Decision } from '../../domain/selection.ts';
import type { PlanItem } from '../plan-types.ts';
import type { Wanted } from './find-wanted.ts';

/** Where the table of vault's secrets is part of the dump, they come with its rows. */
export function withoutRestoredSecrets(forbidden: readonly PlanItem[], decisions: readonly Decision[]): PlanItem[] {
  const restored = decisions.some(
    ({ entry, action }) =>
      entry.description === 'TABLE DATA' && entry.schema === 'vault' && entry.tag === 'secrets' && action !== 'skip',
  );
  return forbidden.filter(({ what }) => !restored || !what.startsWith('vault secret '));
}

/** Webhooks are triggers: those that are left out cannot be put to rest either. */
export function withMadeWebhooks(wanted: Wanted, decisions: readonly Decision[]): Wanted {
  const triggers = decisions.filter(({ entry, action }) => entry.description === 'TRIGGER' && action !== 'skip');
  const made = new Set(triggers.map(({ entry }) => simplify(`${entry.schema}.${entry.tag}`)));
  return { ...wanted, webhooks: wanted.webhooks.filter(({ table, trigger }) => made.has(simplify(`${table}${trigger}`))) };
}

/**
 * Of all that could be done beside the dump's entries what belongs to a part of the backup: owners and rights of what is made, the
 * roles that those name, and components that were asked for by name.
 */
export function limitWanted(wanted: Wanted, scope: RestoreScope, decisions: readonly Decision[]): Wanted {
  const made = decisions.filter(({ entry, action }) => action !== 'skip' && !isData(entry)).map(({ entry }) => entry);
  const about = isAbout(made);
  const concerns = (type: string, identity: string): boolean =>
    about({ class: '', name: `${type} ${identity}`, schema: '', value: null });
  const owners = wanted.owners.filter(({ type, identity }) => concerns(type, identity));
  const privileges = wanted.privileges.filter(({ type, identity }) => concerns(type, identity) || asksFor(scope, 'privileges'));
  const named = new Set([
    ...owners.map(({ owner }) => owner),
    ...privileges.flatMap(({ grants }) => grants.flatMap(({ grantee, grantor }) => [grantee, grantor])),
  ]);
  const wantsRoles = asksFor(scope, 'roles');
  const missingRoles = wanted.missingRoles.filter(({ name }) => wantsRoles || named.has(name));
  const created = new Set(missingRoles.map(({ name }) => name));
  const left = new Set(wanted.missingRoles.map(({ name }) => name).filter((name) => !created.has(name)));
  return {
    ...wanted,
    owners,
    privileges,
    missingRoles,
    borrowedRoles: wanted.borrowedRoles.filter((role) => named.has(role) || wantsRoles),
    defaults: ifAsked(wanted.defaults, asksFor(scope, 'privileges')),
    largeObjects: ifAsked(wanted.largeObjects, asksFor(scope, 'data')),
    publications: ifAsked(wanted.publications, asksFor(scope, 'publications')),
    settings: ifAsked(wanted.settings, asksFor(scope, 'settings')),
    memberships: wanted.memberships
      .filter(({ role, member }) => wantsRoles || created.has(role) || created.has(member))
      .filter(({ role, member }) => !left.has(role) && !left.has(member)),
    expiries: wanted.expiries.filter(({ role }) => created.has(role)),
    roleComments: wanted.roleComments.filter(({ role }) => created.has(role)),
    jobs: ifAsked(wanted.jobs, asksFor(scope, 'cron')),
    forbidden: wanted.forbidden.filter(
      ({ explains }) => explains?.some((key) => concerns('', key) || isOfComponent(key, scope)) === true,
    ),
  };
}

/** Whether a record that will be missing belongs to what was asked for by the name of its component. */
function isOfComponent(key: string, scope: RestoreScope): boolean {
  const found = Object.entries(componentOfClass).find(([className]) => key.startsWith(`${className} `));
  return found !== undefined && asksFor(scope, found[1]);
}

const componentOfClass: Readonly<Record<string, Component>> = {
  role: 'roles',
  membership: 'roles',
  setting: 'settings',
  privileges: 'privileges',
  'default privileges': 'privileges',
  'large objects': 'data',
};

function ifAsked<Item>(items: readonly Item[], asked: boolean): readonly Item[] {
  return asked ? items : [];
}
