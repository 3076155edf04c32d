import type { CatalogRecord } from '../catalog.ts';
import { canonicalJson } from '../catalog-difference.ts';
import type { JudgedDifference } from '../comparison.ts';
import { isPlatformOwner } from '../platform.ts';
import { describeEntry } from '../restore-selection.ts';
import type { Decision } from '../selection.ts';
import type { DrillFindings } from './check.ts';

/** What a restore into a scratch server has told of itself. */
export interface RehearsedRestore {
  readonly decisions: readonly Decision[];
  /** What the plan gave up for want of something on this machine: an extension, and what hangs on it. */
  readonly losses: readonly string[];
  /** Whether an extension is among them: what functions call of it nothing tells beforehand. */
  readonly lacksExtension: boolean;
  /** What only a superuser makes, which a scratch server has none of for a backup. */
  readonly forbidden: readonly { readonly what: string; readonly why: string }[];
  /** Statements that the server refused: "index a in schema b: reason". */
  readonly refused: readonly string[];
  readonly warnings: readonly string[];
}

/**
 * Whether everything of the dump was made. What the scratch server lacks, or does not allow, is not checked; what it refused for any other
 * reason would fail elsewhere as well.
 */
export function judgeMade(restore: RehearsedRestore): DrillFindings {
  const { decisions, losses, lacksExtension, forbidden, refused, warnings } = restore;
  const isOfHere = (statement: string): boolean =>
    isWithheld(statement) || ofMachine.test(statement) || (lacksExtension && ofMissing.test(statement));
  const platforms = collectOfPlatform(decisions);
  const made = decisions.filter(({ action }) => action !== 'skip').length;
  return {
    detail: `${made.toLocaleString('en-US')} entries of the dump`,
    failed: refused.filter((statement) => !isOfHere(statement)),
    notChecked: [
      ...losses,
      ...forbidden.filter(({ what }) => !platforms.has(what)).map(({ what, why }) => `${what}: ${why}`),
      ...refused.filter(isOfHere),
      ...warnings,
    ],
  };
}

/** What a role lacks the rights for that is no superuser, or that may talk to no other server; PostgreSQL words it so. */
export function isWithheld(statement: string): boolean {
  return withheld.test(statement);
}

const withheld =
  /: (ERROR: +)?(permission denied|must be (superuser|owner|member|able)|only (superusers?|roles with)|user mapping not found|password is required)/i;

/** What programs pass on of SQLSTATEs is their text alone. */
const ofMachine = /: (ERROR: +)?(out of memory|out of shared memory|temporary file size exceeds)/i;
const ofMissing = /: (ERROR: +)?(function|operator|relation|schema|type|collation|text search \w+) .*does not exist/i;

/** What the platform's own roles have made and a restore never brings back: every project has it already. */
function collectOfPlatform(decisions: readonly Decision[]): Set<string> {
  const ofPlatform = decisions.filter(
    ({ action, cause, entry }) =>
      action === 'skip' && cause === 'forbidden' && entry.schema === null && isPlatformOwner(entry.owner ?? ''),
  );
  return new Set(ofPlatform.map(({ entry }) => describeEntry(entry)));
}

/** Whether CREATEROLE gives no more than a backup may have on this machine: see apply/drill/scratch-roles. */
export function createsRolesSafely(major: number): boolean {
  return major >= 16;
}

/** Whether it is nothing but the power that a scratch server of this version gives to nobody. */
export function isWithheldPower({ class: className, kind, before, after }: JudgedDifference, major: number): boolean {
  if (className === 'membership' && kind === 'missing') {
    return /^pg_(execute_server_program|read_server_files|write_server_files)$/.test(
      String((before as { role?: unknown } | null)?.role),
    );
  }
  if (className !== 'role' || kind !== 'different') return false;
  const was = before as { superuser?: boolean; createRole?: boolean };
  const harmless = { ...was, superuser: false, createRole: was.createRole === true && createsRolesSafely(major) };
  return canonicalJson(harmless) === canonicalJson(after as CatalogRecord['value']);
}

/**
 * Whether it is about rights that only a superuser gives: on settings of the server, and on the functions that come with a range type, which
 * belong to the superuser that has made the server (makeRangeConstructors in commands/typecmds.c). `owned`: what has an owner in the
 * backup, as `function public.area(integer)`.
 */
export function isOfServer({ class: className, name, before, after }: JudgedDifference, owned: ReadonlySet<string>): boolean {
  if (className !== 'privileges') return false;
  const { type, extension } = (before ?? after ?? {}) as { type?: string; extension?: string };
  return type === 'parameter' || (type === 'function' && extension === undefined && !owned.has(name));
}
