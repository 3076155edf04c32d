export interface LineChange {
  readonly sign: '-' | '+';
  readonly line: string;
}

/** Above this many cells of the table the lines between the equal ends are told as all removed and all added. */
const maximumCells = 4_000_000;

/** The lines that only one of two texts has, in their order: what is left over beside a longest common subsequence. */
export function diffLines(before: readonly string[], after: readonly string[]): LineChange[] {
  const start = before.findIndex((line, index) => line !== after[index]);
  const head = start === -1 ? before.length : start;
  let tail = 0;
  while (tail < Math.min(before.length, after.length) - head && before.at(-1 - tail) === after.at(-1 - tail)) tail += 1;
  const removed = before.slice(head, before.length - tail);
  const added = after.slice(head, after.length - tail);
  if (removed.length * added.length > maximumCells) return [...mark('-', removed), ...mark('+', added)];
  return walk(removed, added);
}

function mark(sign: LineChange['sign'], lines: readonly string[]): LineChange[] {
  return lines.map((line) => ({ sign, line }));
}

function walk(before: readonly string[], after: readonly string[]): LineChange[] {
  const lengths = commonLengths(before, after);
  const changes: LineChange[] = [];
  let [row, column] = [0, 0];
  while (row < before.length && column < after.length) {
    if (before[row] === after[column]) {
      row += 1;
      column += 1;
    } else if (lengths[row + 1]![column]! >= lengths[row]![column + 1]!) {
      changes.push({ sign: '-', line: before[row]! });
      row += 1;
    } else {
      changes.push({ sign: '+', line: after[column]! });
      column += 1;
    }
  }
  return [...changes, ...mark('-', before.slice(row)), ...mark('+', after.slice(column))];
}

/** How long the longest common subsequence of the lines from [row] and from [column] on is. */
function commonLengths(before: readonly string[], after: readonly string[]): Uint32Array[] {
  const lengths = Array.from({ length: before.length + 1 }, () => new Uint32Array(after.length + 1));
  for (let row = before.length - 1; row >= 0; row -= 1) {
    for (let column = after.length - 1; column >= 0; column -= 1) {
      const skipped = Math.max(lengths[row + 1]![column]!, lengths[row]![column + 1]!);
      lengths[row]![column] = before[row] === after[column] ? lengths[row + 1]![column + 1]! + 1 : skipped;
    }
  }
  return lengths;
}
