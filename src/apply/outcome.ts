import type { JudgedDifference } from '../domain/comparison.ts';
import type { RunStatus } from '../domain/exit-code.ts';
import { isManagedSchema } from '../domain/platform.ts';
import type { Decision } from '../domain/selection.ts';
import type { Comparison } from './compare.ts';
import type { RestorePlan } from './plan-types.ts';

export interface Judgement {
  readonly status: RunStatus;
  /** What differs and nobody has foretold: `table public.notes`, `index public.notes_by_date`. */
  readonly unexplained: readonly string[];
}

/**
 * How a restore ended: failed when the target differs from the backup in a way that nobody has foretold; incomplete when something
 * that was asked for is not there, and has been named.
 */
export function judgeRestore(plan: RestorePlan, comparison: Comparison, skipped: readonly string[]): Judgement {
  const lost = comparison.catalog.filter(({ verdict }) => verdict === 'lost');
  const rows = comparison.differences.filter(({ what }) => !isNamed(what.replace('table ', ''), plan, skipped));
  const unexplained = [
    ...rows.map(({ what }) => `rows of ${what}`),
    ...comparison.changedContents.map((what) => `rows of ${what}`),
    ...lost
      .filter((difference) => !isExplained(difference, plan, skipped))
      .map(({ class: className, name }) => `${className} ${name}`),
  ];
  if (unexplained.length > 0) return { status: 'failed', unexplained };
  const named = plan.losses.length + plan.forbidden.length + skipped.length;
  const reordered = comparison.catalog.filter(({ verdict }) => verdict === 'reordered');
  const differing = lost.length + reordered.length + comparison.differences.length + comparison.uncompared.length;
  return { status: named + differing > 0 ? 'incomplete' : 'complete', unexplained };
}

/** Foretold by the plan, refused by the server while it was tried, or inside of what belongs to the platform. */
function isExplained(difference: JudgedDifference, plan: RestorePlan, skipped: readonly string[]): boolean {
  const { class: className, name, schema, kind } = difference;
  if (plan.kind !== 'plain' && schema !== null && isManagedSchema(schema)) return true;
  // What could not be read at the source is not in the dump, nor can come back what refers to it; both have been named.
  if (plan.tolerant && kind !== 'extra') return true;
  if (isOfLostExtension(difference, plan)) return true;
  const keys = [...plan.forbidden, ...plan.skipped].flatMap(({ explains }) => explains ?? []);
  if (keys.includes(`${className} ${name}`)) return true;
  // Those that another owner should have had are among somebody else's.
  if (className === 'large objects' && kind === 'extra') return keys.some((key) => key.startsWith('large objects '));
  if (className === 'setting') return skipped.some((line) => isAboutSetting(line, name));
  if (className === 'publication' && kind === 'different' && lacksMembers(name, plan, skipped)) return true;
  return isNamed(name, plan, skipped);
}

/** What comes with an extension that the target does not have, and the jobs of pg_cron. */
function isOfLostExtension({ class: className, before }: JudgedDifference, plan: RestorePlan): boolean {
  const lost = leftOut(plan)
    .filter(({ entry }) => entry.description === 'EXTENSION')
    .map(({ entry }) => entry.tag);
  const extension = (before as { extension?: string } | null | undefined)?.extension;
  return lost.includes(className === 'cron job' ? 'pg_cron' : (extension ?? ''));
}

/** `setting lc_messages of the database: permission denied` of `all roles in this database: lc_messages`. */
function isAboutSetting(line: string, name: string): boolean {
  return line.startsWith(`setting ${name.split(': ').at(-1)!} of `);
}

/** Whether a table or schema was left out of a publication; of both the tag begins with its name. */
function lacksMembers(name: string, plan: RestorePlan, skipped: readonly string[]): boolean {
  const begins = (tag: string): boolean => tag.startsWith(`${name.replaceAll('"', '')} `);
  return (
    leftOut(plan).some(({ entry }) => (entry.description ?? '').startsWith('PUBLICATION ') && begins(entry.tag ?? '')) ||
    skipped.some((line) => begins(line.replace(/^publication tables?( in schema)? /, '')))
  );
}

/** Whether every word of something that was left out, its schema among them, stands in a name: of a policy in `reader on public.notes`. */
function isNamed(name: string, plan: RestorePlan, skipped: readonly string[]): boolean {
  const words = new Set(wordsOf(name));
  const tags = [...leftOut(plan).flatMap(tagsOf), ...skipped.map(namesIn)];
  return tags.some((tag) => tag.length > 0 && tag.every((word) => words.has(word)));
}

function leftOut({ decisions }: RestorePlan): Decision[] {
  return decisions.filter(({ action, cause }) => action === 'skip' && ['forbidden', 'missing', 'absent'].includes(cause ?? ''));
}

/** The tag of a constraint is that of its table and its own: `notes notes_pkey`; its index has the latter alone. */
function tagsOf({ entry }: Decision): string[][] {
  const tag = entry.tag ?? '';
  const tags = entry.description === 'CONSTRAINT' ? [tag, tag.split(' ').at(-1)!] : [tag];
  return tags.map((text) => wordsOf(`${entry.schema ?? ''} ${text}`));
}

/** The names in `index my_index in schema storage: must be owner of table objects`, and in `owner app of table public.notes: ...`. */
function namesIn(line: string): string[] {
  const [what] = line.split(': ');
  const [, name, schema] = /^(.*?)(?: in schema (.*))?$/s.exec(what!)!;
  return wordsOf(`${schema ?? ''} ${name!.split(' ').at(-1) ?? ''}`);
}

function wordsOf(name: string): string[] {
  return name
    .replaceAll('"', '')
    .split(/[\s.,()]+/)
    .filter((word) => word !== '');
}
