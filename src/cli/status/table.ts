import type { Health } from '../../domain/health.ts';
import { printable } from '../../domain/printable.ts';
import { formatAge } from '../age.ts';
import { formatBytes, formatTable } from '../output.ts';
import type { Colour, Screen } from '../screen.ts';
import { wrapText } from './wrap.ts';
import type { ProjectRow } from './rows.ts';

const colours: Readonly<Record<Health, Colour>> = {
  ok: 'green',
  running: 'green',
  never: 'yellow',
  incomplete: 'yellow',
  failed: 'red',
  late: 'red',
  unusable: 'red',
};

const healthColumn = 'HEALTH';

/** What tables are made for: nothing is longer than `columns`, if given. */
export interface TableOptions {
  readonly now: Date;
  readonly columns: number | undefined;
  readonly paint: Screen['paint'];
}

/** A line a project; a column for what runs only when something does. */
export function formatRows(rows: readonly ProjectRow[], { now, columns, paint }: TableOptions): string {
  const isActive = rows.some((row) => describeActivity(row, now) !== '');
  const head = ['PROJECT', healthColumn, 'LAST GOOD', 'NEXT', 'SIZE', 'GROWTH', ...(isActive ? ['RUNNING'] : [])];
  const cells = rows.map((row) => [...describeRow(row, now), ...(isActive ? [describeActivity(row, now)] : [])]);
  const [first, ...lines] = formatTable(head, cells, [4, 5])
    .split('\n')
    .map((line) => line.slice(0, columns));
  const start = first!.indexOf(healthColumn);
  const painted = lines.map((line, index) => {
    const { health } = rows[index]!;
    const end = start + health.length;
    return start < 0 ? line : `${line.slice(0, start)}${paint(colours[health], line.slice(start, end))}${line.slice(end)}`;
  });
  return [first, ...painted].join('\n');
}

function describeRow({ name, health, standing, next }: ProjectRow, now: Date): string[] {
  const { sizes } = standing ?? {};
  return [
    name,
    health,
    standing === undefined ? '-' : describeAge(standing.ageMs),
    next === undefined ? '-' : formatUntil(next.at.getTime() - now.getTime()),
    sizes === undefined ? '-' : formatBytes(sizes.originalBytes),
    sizes === undefined ? '-' : `+${formatBytes(sizes.deduplicatedBytes)}`,
  ];
}

function describeAge(ageMs: number | undefined): string {
  if (ageMs === undefined) return 'never';
  const age = formatAge(ageMs);
  return /\d/.test(age) ? `${age} ago` : age;
}

function formatUntil(ms: number): string {
  return ms < 60_000 ? 'now' : `in ${formatAge(ms)}`;
}

/** backup 5 min: dump */
function describeActivity({ standing, active }: ProjectRow, now: Date): string {
  const run = standing?.running;
  const kind = run?.command ?? active?.kind;
  if (kind === undefined) return '';
  const age = formatAge(now.getTime() - (run ?? active!).startedAt.getTime());
  return [`${kind}${/\d/.test(age) ? ` ${age}` : ''}`, ...(active?.stage === undefined ? [] : [active.stage])].join(': ');
}

/** What a word does not say: a paragraph for each project that is not well. */
export function describeRows(rows: readonly ProjectRow[], columns: number | undefined): string[] {
  const notes = rows.flatMap(({ name, health, reason, problem, error }) => [
    ...(health === 'ok' || reason === undefined ? [] : [`${name}: ${reason}${error === undefined ? '' : ` ${error.hint}`}`]),
    ...(problem === undefined ? [] : [`${name}: Not good: ${problem}`]),
  ]);
  return notes.map((note) => wrapText(printable(note.replaceAll(/\s*\n\s*/g, ' ')), columns));
}
