/** How much a tool stored after each day, in bytes. */
export interface Line {
  readonly name: string;
  readonly storedBytes: readonly number[];
}

export interface Panel {
  readonly title: string;
  readonly lines: readonly Line[];
}

const width = 1000;
const panelHeight = 380;
/** Of the field in which lines are drawn, within a panel; what is right of it belongs to their names. */
const field = { left: 76, right: 590, top: 56, bottom: 330 };
const labelHeight = 18;
/** Okabe and Ito's, which people who see colours differently can tell apart; the first line is ours and thick. */
const colours = ['#0072b2', '#d55e00', '#e69f00', '#cc79a7', '#8f6fd0', '#009e73', '#7f8790'];

/**
 * Lines over days, one panel below the other, as SVG. It brings its own background, and follows the reader's light or dark mode where the
 * viewer tells it.
 */
export function drawChart(title: string, panels: readonly Panel[]): string {
  const height = 40 + panels.length * panelHeight;
  const style = `
    .background { fill: #ffffff } text { fill: #1f2328; font: 14px system-ui, sans-serif } .title { font-weight: 600; font-size: 17px }
    .head { font-weight: 600 } .axis { fill: #59636e; font-size: 12px } .grid { stroke: #d1d9e0 } .ours { font-weight: 600 }
    @media (prefers-color-scheme: dark) { .background { fill: #0d1117 } text { fill: #f0f6fc } .axis { fill: #9198a1 } .grid { stroke: #3d444d } }`;
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img">`,
    `<title>${escape(title)}</title>`,
    `<style>${style}\n</style>`,
    `<rect class="background" width="${width}" height="${height}" rx="8"/>`,
    `<text class="title" x="24" y="32">${escape(title)}</text>`,
    ...panels.map((panel, index) => `<g transform="translate(0 ${40 + index * panelHeight})">\n${drawPanel(panel)}\n</g>`),
    '</svg>\n',
  ].join('\n');
}

function drawPanel({ title, lines }: Panel): string {
  const days = lines[0]!.storedBytes.length;
  const largest = Math.max(...lines.flatMap(({ storedBytes }) => storedBytes));
  const step = chooseStep(largest / 5);
  const top = Math.ceil(largest / step) * step;
  const x = (day: number): number => field.left + ((day - 1) / Math.max(1, days - 1)) * (field.right - field.left);
  const y = (bytes: number): number => field.bottom - (bytes / top) * (field.bottom - field.top);
  const scale = { x, y };
  const marks = Array.from({ length: Math.round(top / step) + 1 }, (_, index) => index * step);
  const dayMarks = Array.from({ length: days }, (_, index) => index + 1).filter(
    (day) => day === 1 || day === days || (day % 5 === 0 && day < days - 1),
  );
  return [
    `<text class="head" x="24" y="32">${escape(title)}</text>`,
    ...marks.map((bytes) => {
      const height = round(y(bytes));
      return `<path class="grid" d="M${field.left} ${height}H${field.right}"/><text class="axis" text-anchor="end" x="${field.left - 8}" y="${height + 4}">${formatBytes(bytes)}</text>`;
    }),
    ...dayMarks.map(
      (day) =>
        `<text class="axis" text-anchor="middle" x="${round(x(day))}" y="${field.bottom + 20}">${day === 1 ? 'day 1' : day}</text>`,
    ),
    // The first one last, so that it lies on top.
    ...lines.map((line, index) => drawLine(line, index, scale)).toReversed(),
    ...placeLabels(lines, scale),
  ].join('\n');
}

interface Scale {
  x(day: number): number;
  y(bytes: number): number;
}

function drawLine({ storedBytes }: Line, index: number, { x, y }: Scale): string {
  const points = storedBytes.map((bytes, day) => `${round(x(day + 1))},${round(y(bytes))}`).join(' ');
  return `<polyline fill="none" stroke="${colours[index]}" stroke-width="${index === 0 ? 4 : 2}" stroke-linejoin="round" points="${points}"/>`;
}

/** Names beside the ends of their lines, moved apart where those are close together, with a stroke from one to the other. */
function placeLabels(lines: readonly Line[], { x, y }: Scale): string[] {
  const ends = lines
    .map(({ name, storedBytes }, index) => ({ name, index, bytes: storedBytes.at(-1)!, end: y(storedBytes.at(-1)!) }))
    .toSorted((a, b) => a.end - b.end);
  const heights: number[] = [];
  for (const { end } of ends) heights.push(Math.max(end, (heights.at(-1) ?? -Infinity) + labelHeight));
  for (let place = heights.length - 1, limit = field.bottom; place >= 0; place -= 1, limit -= labelHeight)
    heights[place] = Math.min(heights[place]!, limit);
  const left = x(lines[0]!.storedBytes.length);
  return ends.map(({ name, index, bytes, end }, place) => {
    const height = heights[place]!;
    const stroke = `<path fill="none" stroke="${colours[index]}" d="M${left + 3} ${round(end)}L${left + 18} ${round(height)}h6"/>`;
    const text = `<text${index === 0 ? ' class="ours"' : ''} x="${left + 30}" y="${round(height) + 5}">${escape(`${formatBytes(bytes)}  ${name}`)}</text>`;
    return stroke + text;
  });
}

/** A round number that is at least the given one: 1, 2 or 5 with zeros. */
function chooseStep(least: number): number {
  const power = 10 ** Math.floor(Math.log10(least));
  return [1, 2, 5, 10].map((factor) => factor * power).find((step) => step >= least)!;
}

function formatBytes(bytes: number): string {
  if (bytes === 0) return '0';
  return bytes >= 1e9 ? `${Number((bytes / 1e9).toFixed(2))} GB` : `${Math.round(bytes / 1e6)} MB`;
}

function round(figure: number): number {
  return Math.round(figure * 10) / 10;
}

function escape(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('`', '');
}
