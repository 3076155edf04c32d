const indentation = '  ';

/** Breaks a text of one line at its blanks, so that no line is longer than `columns`; words that are longer are cut in pieces. */
export function wrapText(text: string, columns: number | undefined): string {
  if (columns === undefined || text.length <= columns) return text;
  const lines: string[] = [];
  let rest = text;
  while (rest.length > 0) {
    const indent = lines.length === 0 ? '' : indentation;
    const room = Math.max(1, columns - indent.length);
    const blank = rest.length <= room ? rest.length : rest.lastIndexOf(' ', room);
    const end = blank > 0 ? blank : room;
    lines.push(`${indent}${rest.slice(0, end)}`);
    rest = rest.slice(end).trimStart();
  }
  return lines.join('\n');
}
