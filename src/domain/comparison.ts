import { membershipRecordSchema, type CatalogRecord } from './catalog.ts';
import { diffCatalogs, type CatalogDifference } from './catalog-difference.ts';
import { collectOwners, levelOwners } from './level-owners.ts';
import { isManagedSchema, isPlatformOwner, isReservedRole, isChangeableReservedSetting } from './platform.ts';
import { isGainedMembership, isGainedPower, isOpenedByUser } from './openings.ts';
import { isMadeByPlatform, isSamePlatform } from './platform-version.ts';
import { collectHeirs, isReordered } from './reordered-columns.ts';
import type { TargetKind } from './selection.ts';
import { unquoteIdentifier } from './sql.ts';

/**
 * lost: the backup has it and the target does not, or has it in another way, or the target has what the backup does not;
 * platform: it is the target platform's own affair; resting: a job or webhook that waits to be switched on; reordered: a column that
 * no restore puts where it stood.
 */
export type Verdict = 'lost' | 'platform' | 'resting' | 'reordered';

export interface JudgedDifference extends CatalogDifference {
  readonly verdict: Verdict;
}

export interface ClassCounts {
  readonly class: string;
  readonly equal: number;
  readonly missing: number;
  readonly different: number;
  readonly extra: number;
}

export interface CatalogComparison {
  /** What counts, a class at a time; the platform's own affairs are not among it. */
  readonly classes: readonly ClassCounts[];
  readonly differences: readonly JudgedDifference[];
  /** Sequences that are there, but do not tell the role how far they are. */
  readonly unread: readonly string[];
}

/** Compares what was captured with what a target has. */
export function compareCatalogs(
  captured: readonly CatalogRecord[],
  found: readonly CatalogRecord[],
  { kind, includes }: { readonly kind: TargetKind; readonly includes: (record: CatalogRecord) => boolean },
): CatalogComparison {
  const superusers = kind === 'plain' ? collectSuperusers(found) : new Set<string>();
  const facts = {
    kind,
    heirs: collectHeirs(captured),
    owners: collectOwners([...found, ...captured]),
    found: new Set(found.map(({ class: name, name: of }) => `${name} ${of}`)),
    superusers,
    roles: collectRoles(captured),
    samePlatform: isSamePlatform(captured, found),
  };
  const [before, after] = levelOwners(captured, found, superusers);
  const compared = before.filter(includes);
  const falling = collectFallingSequences(captured);
  const all = diffCatalogs(compared, after.filter(includes)).filter((difference) => !isAhead(difference, falling));
  const [unread = [], known = []] = [true, false].map((wanted) => all.filter((one) => isUnread(one, facts.found) === wanted));
  const differences = known.map((difference) => ({ ...difference, verdict: judge(difference, facts) }));
  return { classes: countClasses(compared, differences), differences, unread: unread.map(({ name }) => name) };
}

/** Of a sequence that the role may not read the catalog has no value. */
function isUnread({ class: className, kind, name }: CatalogDifference, found: ReadonlySet<string>): boolean {
  return className === 'sequence value' && kind === 'missing' && found.has(`sequence ${name}`);
}

interface Facts {
  /** Tables that inherit. */
  readonly heirs: ReadonlySet<string>;
  readonly kind: TargetKind;
  /** By "table public.notes". */
  readonly owners: ReadonlyMap<string, string>;
  readonly found: ReadonlySet<string>;
  /** On the target. */
  readonly superusers: ReadonlySet<string>;
  /** Of the backup. */
  readonly roles: ReadonlySet<string>;
  readonly samePlatform: boolean;
}

/** The names of all roles, not quoted. */
export function collectRoles(records: readonly CatalogRecord[]): Set<string> {
  return new Set(records.filter((record) => record.class === 'role').map(({ name }) => unquoteIdentifier(name)));
}

function collectSuperusers(records: readonly CatalogRecord[]): Set<string> {
  const superusers = records.filter((record) => record.class === 'role' && (record.value as { superuser: boolean }).superuser);
  return new Set(superusers.map(({ name }) => name));
}

/** A sequence goes on while a backup is made, and its value is not part of a snapshot: so it may be ahead, but never behind. */
function isAhead({ class: className, name, kind, before, after }: CatalogDifference, falling: ReadonlySet<string>): boolean {
  if (className !== 'sequence value' || kind !== 'different') return false;
  const [was, is] = [sequenceValue(before), sequenceValue(after)];
  return was === undefined || (is !== undefined && (falling.has(name) ? is <= was : is >= was));
}

/** Those that count down. */
function collectFallingSequences(records: readonly CatalogRecord[]): Set<string> {
  const falling = records.filter(
    (record) => record.class === 'sequence' && String((record.value as { increment?: string }).increment).startsWith('-'),
  );
  return new Set(falling.map(({ name }) => name));
}

function sequenceValue(value: CatalogRecord['value'] | undefined): bigint | undefined {
  const text = typeof value === 'object' && value !== null && !Array.isArray(value) ? Object.values(value)[0] : value;
  return typeof text === 'string' && /^-?\d+$/.test(text) ? BigInt(text) : undefined;
}

function judge(difference: CatalogDifference, facts: Facts): Verdict {
  if (isResting(difference)) return 'resting';
  if (isReordered(difference, facts.heirs)) return 'reordered';
  return isAffairOfPlatform(difference, facts) ? 'platform' : 'lost';
}

/** A cron job that differs in nothing but that it is not active; a webhook, and its trigger, that is disabled. */
function isResting({ class: className, kind, before, after }: CatalogDifference): boolean {
  if (kind !== 'different' || !['cron job', 'webhook', 'trigger'].includes(className)) return false;
  const field = className === 'cron job' ? 'active' : 'enabled';
  const rested = className === 'cron job' ? false : 'disabled';
  const [was, is] = [before as Record<string, CatalogRecord['value']>, after as Record<string, CatalogRecord['value']>];
  if (className === 'trigger' && was['arguments'] === undefined) return false;
  return is[field] === rested && JSON.stringify({ ...was, [field]: rested }) === JSON.stringify({ ...is, [field]: rested });
}

function isAffairOfPlatform(difference: CatalogDifference, facts: Facts): boolean {
  const { kind, owners, found, superusers, samePlatform } = facts;
  const { class: className, schema, kind: what } = difference;
  // Other roles of a server, and what belongs to them, are not the database's. Secrets that are there are the target's own.
  if (className === 'platform version') return true;
  if (what === 'extra' && ['role', 'setting', 'parameter', 'vault secret'].includes(className)) return true;
  if (what === 'extra' && className === 'comment' && difference.name.startsWith('role ')) return true;
  if (what === 'extra' && className === 'privileges' && difference.name.startsWith('parameter ')) return true;
  if (kind === 'plain' && isOfSuperuser(difference, superusers)) return true;
  if (what === 'extra' && className === 'membership')
    return !isGainedMembership(membershipRecordSchema.parse(difference.after), facts);
  if (kind === 'plain') {
    const isOfServer = className === 'privileges' && schema === 'pg_catalog';
    return what === 'extra' && (className === 'default privileges' || isOfExtension(difference) || isOfServer);
  }
  if (what === 'extra' && isOfExtension(difference)) return true;
  if (schema !== null && isManagedSchema(schema)) return isManagedAffair(difference, { owners, found, samePlatform });
  if (schema !== null) return false;
  return isSharedAffair(difference, owners);
}

/** An extension that only the target has, a member of one, or a comment on it. */
function isOfExtension({ class: className, name, after }: CatalogDifference): boolean {
  if (className === 'extension' || (className === 'comment' && name.startsWith('extension '))) return true;
  return (after as { extension?: string } | null)?.extension !== undefined;
}

/** Who is a superuser on the target has been one before the restore: what that role may, and how it is set, is the server's affair. */
function isOfSuperuser({ class: className, name, before, after }: CatalogDifference, superusers: ReadonlySet<string>): boolean {
  const value = (before ?? after) as Record<string, unknown> | null;
  if (className === 'role') return superusers.has(name);
  if (className === 'membership') return superusers.has(String(value?.['member']));
  return className === 'setting' && superusers.has(String(value?.['role']));
}

const partsOfTables = new Set([
  'trigger',
  'policy',
  'rule',
  'table constraint',
  'row security',
  'comment',
  'privileges',
  'owner',
  'index',
]);

/** Inside of the platform's schemas only what the user has added counts, or opened. */
function isManagedAffair(
  difference: CatalogDifference,
  { owners, found, samePlatform }: Pick<Facts, 'owners' | 'found' | 'samePlatform'>,
): boolean {
  const { class: className, name, kind, before } = difference;
  if (isOpenedByUser(difference, samePlatform)) return false;
  if (kind === 'extra') return true;
  const table = tableOf(className, name);
  const part = { class: className, value: before ?? null };
  if (!samePlatform && table !== undefined && isMadeByPlatform(part, owners.get(`table ${table}`) ?? '')) return true;
  if (kind === 'different')
    return (
      !['trigger', 'policy'].includes(className) && isPlatformOwner(owners.get(`${className} ${name}`) ?? 'supabase_admin')
    );
  if (partsOfTables.has(className) && table !== undefined)
    return ![...relationTypes].some((type) => found.has(`${type} ${table}`));
  const ofOwned =
    className === 'owner' || className === 'comment' || className === 'privileges' ? name : `${className} ${name}`;
  return isPlatformOwner(owners.get(ofOwned) ?? 'supabase_admin');
}

const relationTypes = ['table', 'view', 'materialized view', 'foreign table'];

/** The table in `my trigger on auth.users`. */
function tableOf(className: string, name: string): string | undefined {
  if (className === 'row security') return name;
  return / on (\S+)$/.exec(name)?.[1];
}

/** Roles, settings and the like, which stand in no schema. */
function isSharedAffair(
  { class: className, name, kind, before, after }: CatalogDifference,
  owners: ReadonlyMap<string, string>,
): boolean {
  const value = (before ?? after) as Record<string, string> | null;
  const role = value?.['role'] ?? '';
  if (className === 'role') return isReservedRole(name) && !isGainedPower(name, before, after);
  if (className === 'membership') return isReservedRole(role) && isReservedRole(value?.['member'] ?? '');
  if (className === 'setting')
    return isReservedRole(role) && !isChangeableReservedSetting((value?.['setting'] ?? '').split('=')[0]!);
  if (className === 'default privileges') return isPlatformOwner(role);
  if (className === 'cron job') return kind === 'extra' && isPlatformOwner(value?.['username'] ?? '');
  if (className === 'vault secret') return false;
  const owned = className === 'owner' || className === 'privileges' || className === 'comment' ? name : `${className} ${name}`;
  // Records of owners have the words of pg_identify_object.
  return isPlatformOwner(owners.get(owned.replace(/^foreign server /, 'server ')) ?? '');
}

function countClasses(captured: readonly CatalogRecord[], differences: readonly JudgedDifference[]): ClassCounts[] {
  const counting = differences.filter(({ verdict }) => verdict === 'lost');
  const total = Map.groupBy(captured, (record) => record.class);
  const differing = Map.groupBy(differences, (difference) => difference.class);
  const names = [...new Set([...total.keys(), ...counting.map((difference) => difference.class)])].toSorted();
  return names.map((name) => {
    const count = (kind: CatalogDifference['kind']): number =>
      counting.filter((difference) => difference.class === name && difference.kind === kind).length;
    const unequal = (differing.get(name) ?? []).filter(({ kind }) => kind !== 'extra').length;
    return {
      class: name,
      equal: (total.get(name)?.length ?? 0) - unequal,
      missing: count('missing'),
      different: count('different'),
      extra: count('extra'),
    };
  });
}

/** Whether everything that counts is as in the backup. What rests until it is switched on is there. */
export function isEqual(comparison: {
  readonly differences: readonly unknown[];
  readonly changedContents: readonly unknown[];
  readonly catalog: readonly JudgedDifference[];
}): boolean {
  const lost = comparison.catalog.filter(({ verdict }) => verdict === 'lost');
  return comparison.differences.length + comparison.changedContents.length + lost.length === 0;
}
