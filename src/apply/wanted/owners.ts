import { largeObjectsSchema, ownerSchema } from '../../domain/catalog.ts';
import { holdsSame, recordsOf } from '../../domain/catalog-index.ts';
import { isPlatformOwner } from '../../domain/platform.ts';
import type { LargeObjectGroup } from '../script/large-objects.ts';
import type { WantedOwner } from '../script/owners.ts';
import { isManaged, mayActAs, type Facts } from './facts.ts';

export function wantedOwners(facts: Facts): WantedOwner[] {
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

export function wantedLargeObjects(facts: Facts): LargeObjectGroup[] {
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
