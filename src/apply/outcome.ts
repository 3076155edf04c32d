import type { JudgedDifference } from '../domain/comparison.ts';
import type { RunStatus } from '../domain/exit-code.ts';
import { isManagedSchema } from '../domain/platform.ts';
import type { Comparison } from './compare.ts';
import type { RestorePlan } from './plan-types.ts';

/**
 * How a restore ended: failed when the target differs from the backup in a way that nobody has foretold; incomplete when something
 * that was asked for is not there, and has been named.
 */
export function judgeRestore(plan: RestorePlan, comparison: Comparison, skipped: readonly string[]): RunStatus {
  const unexplained = comparison.catalog.filter(
    (difference) => difference.verdict === 'lost' && !isExplained(difference, plan, skipped),
  );
  const rows = comparison.differences.filter(({ what }) => !isNamed(what.replace('table ', ''), plan, skipped));
  if (rows.length > 0 || comparison.changedContents.length > 0 || unexplained.length > 0) return 'failed';
  const lost = comparison.catalog.some(({ verdict }) => verdict === 'lost') || comparison.differences.length > 0;
  const named = plan.losses.length > 0 || plan.forbidden.length > 0 || skipped.length > 0;
  return lost || named ? 'incomplete' : 'complete';
}

/** Foretold by the plan, refused by the server while it was tried, or inside of what belongs to the platform. */
function isExplained(difference: JudgedDifference, plan: RestorePlan, skipped: readonly string[]): boolean {
  const { class: className, name, schema } = difference;
  if (plan.kind !== 'plain' && schema !== null && isManagedSchema(schema)) return true;
  const key = `${className} ${name}`;
  return [...plan.forbidden, ...plan.skipped].some(({ explains }) => explains?.includes(key)) || isNamed(name, plan, skipped);
}

/** Whether every word of something that was left out, its schema among them, stands in a name: of a policy in `reader on public.notes`. */
function isNamed(name: string, plan: RestorePlan, skipped: readonly string[]): boolean {
  const words = new Set(wordsOf(name));
  const leftOut = plan.decisions
    .filter(({ action, cause }) => action === 'skip' && ['forbidden', 'missing', 'absent'].includes(cause ?? ''))
    .map(({ entry }) => wordsOf(`${entry.schema ?? ''} ${entry.tag ?? ''}`));
  return [...leftOut, ...skipped.map(namesIn)].some((tag) => tag.length > 0 && tag.every((word) => words.has(word)));
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
