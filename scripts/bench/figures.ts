/** The middle one of an odd number of figures; the mean of the middle two otherwise. */
export function median(figures: readonly number[]): number {
  const sorted = figures.toSorted((a, b) => a - b);
  const middle = (sorted.length - 1) / 2;
  return (sorted[Math.floor(middle)]! + sorted[Math.ceil(middle)]!) / 2;
}

/** A line of a Markdown table. */
export function row(...cells: readonly string[]): string {
  return `| ${cells.join(' | ')} |`;
}

/** A Markdown table of rows that `row` has made. */
export function table(heads: readonly string[], rows: readonly string[]): string {
  return [row(...heads), row(...heads.map(() => '---')), ...rows].join('\n');
}

/** In whole megabytes, small figures with a digit more. */
export function formatMegabytes(bytes: number): string {
  return `${bytes < 10e6 ? (bytes / 1e6).toFixed(1) : Math.round(bytes / 1e6)} MB`;
}
