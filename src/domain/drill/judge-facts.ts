import type { DrillFindings } from './check.ts';
import { isWithheld } from './judge-restore.ts';
import type { ForeignKeyFact, IndexFact, SequenceFact, ViewFact } from './restored-facts.ts';

/** Every foreign key that holds in the source holds here. One that is NOT VALID was never promised to hold. */
export function judgeForeignKeys(facts: readonly ForeignKeyFact[]): DrillFindings {
  const valid = facts.filter(({ validated }) => validated);
  const others = facts.length - valid.length;
  const asked = valid.filter(({ error }) => error === undefined);
  return {
    detail: `${count(valid.length, 'foreign key')}${others === 0 ? '' : `, and ${others} NOT VALID in the source`}`,
    failed: asked.filter(({ orphans }) => orphans).map(({ name }) => `${name}: rows refer to rows that are not there`),
    notChecked: valid.flatMap(({ name, error }) => (error === undefined ? [] : [`${name}: ${error}`])),
  };
}

/**
 * Every index is whole. That of a partitioned table is not as long as a partition has none, which can be so in the source as well: there
 * the comparison tells.
 */
export function judgeIndexes(facts: readonly IndexFact[]): DrillFindings {
  return {
    detail: count(facts.length, 'index', 'indexes'),
    failed: facts.filter(({ valid, partitioned }) => !valid && !partitioned).map(({ name }) => `${name} is not valid`),
    notChecked: [],
  };
}

/**
 * No sequence would give a number that its column has already. One that was captured as far behind as it is here was so in the source:
 * that is told as a warning, and is no fault of the backup. `captured` are their values in the backup.
 */
export function judgeSequences(
  facts: readonly SequenceFact[],
  captured: (name: string) => 'same' | 'other' | 'unknown',
): { readonly findings: DrillFindings; readonly warnings: string[] } {
  const behind = facts.filter(isBehind);
  const [own = [], source = []] = [false, true].map((wanted) =>
    behind.filter(({ name }) => (captured(name) === 'same') === wanted),
  );
  return {
    findings: {
      detail: count(new Set(facts.map(({ name }) => name)).size, 'sequence'),
      failed: own.map(describeBehind),
      notChecked: facts.flatMap((fact) => {
        const reason = fact.error ?? (isNumber(fact.extreme) ? undefined : `it holds ${fact.extreme}`);
        return reason === undefined ? [] : [`${fact.name} for ${fact.column}: ${reason}`];
      }),
    },
    warnings: source.map((fact) => `${describeBehind(fact)}, as in the source`),
  };
}

function describeBehind({ name, column, next, extreme }: SequenceFact): string {
  return `${name} gives ${next} next, and ${column} holds ${extreme} already`;
}

function isBehind({ next, extreme, increment }: SequenceFact): boolean {
  if (next === null || extreme === null || !isNumber(extreme)) return false;
  return BigInt(increment) > 0n ? BigInt(next) <= BigInt(extreme) : BigInt(next) >= BigInt(extreme);
}

/** Columns of some types hold NaN or Infinity as well. */
function isNumber(extreme: string | null): boolean {
  return extreme === null || /^-?\d+$/.test(extreme);
}

/**
 * Every view can be read, and every materialized view was filled. `lacksExtension`: one of the backup's is not here, and what functions
 * call of it nothing tells beforehand.
 */
export function judgeViews(
  facts: readonly ViewFact[],
  { lacksExtension }: { readonly lacksExtension: boolean },
): DrillFindings {
  const read = facts.filter(({ populated, foreign }) => populated && !foreign);
  const empty = facts.filter(({ populated }) => !populated).length;
  const unread = read.filter(({ error }) => error !== undefined);
  const isOfHere = (fact: ViewFact): boolean =>
    isWithheld(describeUnread(fact)) || isOfDrill(fact.sqlState!) || (lacksExtension && ofMissing.has(fact.sqlState!));
  return {
    detail: `${count(facts.length, 'view')}${empty === 0 ? '' : `, ${empty} of them WITH NO DATA in the source`}`,
    failed: unread.filter((fact) => !isOfHere(fact)).map(describeUnread),
    notChecked: [
      ...unread.filter(isOfHere).map(describeUnread),
      ...facts
        .filter(({ foreign, populated }) => foreign && populated)
        .map(({ kind, name }) => `${kind} ${name}: it reads from another server, which a drill does not talk to`),
    ],
  };
}

function describeUnread({ kind, name, error }: ViewFact): string {
  return `${kind} ${name}: ${error}`;
}

/** What the drill's own limits refuse: its time, its transaction that only reads, and what its machine has not. */
function isOfDrill(sqlState: string): boolean {
  return ['57014', '25006'].includes(sqlState) || isOfMachine(sqlState);
}

/** Memory, room on the disk, connections; files that cannot be read. */
export function isOfMachine(sqlState: string): boolean {
  return /^(53|58)/.test(sqlState);
}

/** No such function, relation, schema, and type or the like. */
const ofMissing = new Set(['42883', '42P01', '3F000', '42704']);

function count(number: number, one: string, many = `${one}s`): string {
  return `${number.toLocaleString('en-US')} ${number === 1 ? one : many}`;
}
