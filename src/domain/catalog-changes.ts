import { diffCatalogs, type CatalogDifference } from './catalog-difference.ts';
import type { CatalogRecord } from './catalog.ts';
import type { CatalogChanges } from './manifest.ts';

export type ChangeCounts = CatalogChanges['counts'];

/** What somebody has changed between two catalogs: what changes on its own is left out. */
export function listChanges(before: readonly CatalogRecord[], after: readonly CatalogRecord[]): CatalogDifference[] {
  return diffCatalogs(before, after).filter((difference) => !changesOnItsOwn(difference));
}

/** Whether a record says what somebody has defined, and not what comes about while a project is in use. */
export function isDefinition(record: CatalogRecord): boolean {
  return record.class !== 'sequence value' && record.class !== 'large objects' && !isDailyPartition(record);
}

/**
 * Sequences go on, and large objects come and go as rows do; a group of large objects that is gone or new is told, since owners
 * and privileges make the groups.
 */
function changesOnItsOwn(difference: CatalogDifference): boolean {
  const { class: className, kind } = difference;
  return (
    className === 'sequence value' || (className === 'large objects' && kind === 'different') || isDailyPartition(difference)
  );
}

/** Supabase Realtime makes a partition for each day and drops old ones: messages_2026_11_21. */
function isDailyPartition({ schema, name }: Pick<CatalogRecord, 'schema' | 'name'>): boolean {
  return schema === 'realtime' && /\brealtime\.messages_\d{4}_\d\d_\d\d/.test(name);
}

export function countChanges(differences: readonly CatalogDifference[]): ChangeCounts {
  const classes = Map.groupBy(differences, (difference) => difference.class);
  return Object.fromEntries([...classes].map(([name, members]) => [name, countKinds(members)]));
}

function countKinds(members: readonly CatalogDifference[]): ChangeCounts[string] {
  const count = (kind: CatalogDifference['kind']): number => members.filter((member) => member.kind === kind).length;
  return { missing: count('missing'), extra: count('extra'), different: count('different') };
}

/** So many are named in a manifest; the part with the changes holds them all. */
const namedAtMost = 200;

/** What the manifest says of the changes since an earlier backup. */
export function summarizeChanges(since: string, differences: readonly CatalogDifference[]): CatalogChanges {
  const named = differences.toSorted((one, other) => rank(one) - rank(other)).slice(0, namedAtMost);
  return {
    since,
    counts: countChanges(differences),
    differences: named.map(({ class: className, name, kind }) => ({
      class: className,
      name: publicName(className, name),
      kind,
    })),
    truncated: named.length < differences.length,
  };
}

const accompanying = new Set(['column', 'comment', 'owner', 'privileges', 'row security', 'security label']);

/** What comes and goes with a thing of its own stands behind that. */
function rank({ class: className, kind }: CatalogDifference): number {
  return kind !== 'different' && accompanying.has(className) ? 1 : 0;
}

/** A cron job without a name is called by its command, which may hold a key; manifests are shown, and sent in mails. */
function publicName(className: string, name: string): string {
  return className === 'cron job' && name.startsWith('unnamed: ') ? 'without a name' : name;
}

export function totalOf(counts: ChangeCounts): ChangeCounts[string] {
  return Object.values(counts).reduce(
    (sum, { missing, extra, different }) => ({
      missing: sum.missing + missing,
      extra: sum.extra + extra,
      different: sum.different + different,
    }),
    { missing: 0, extra: 0, different: 0 },
  );
}

/** "no changes", "3 changes (2 added, 1 changed)" */
export function describeCounts(counts: ChangeCounts): string {
  const { missing, extra, different } = totalOf(counts);
  const total = missing + extra + different;
  if (total === 0) return 'no differences';
  const kinds = [
    [extra, 'added'],
    [missing, 'removed'],
    [different, 'changed'],
  ] as const;
  const parts = kinds.filter(([count]) => count > 0).map(([count, what]) => `${count.toLocaleString('en-US')} ${what}`);
  return `${total.toLocaleString('en-US')} difference${total === 1 ? '' : 's'} in definitions (${parts.join(', ')})`;
}
