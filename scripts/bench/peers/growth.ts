import { writeFile } from 'node:fs/promises';
import { formatMegabytes, row, table } from '../figures.ts';
import { drawChart, type Line, type Panel } from './chart.ts';
import { changeRows } from './data.ts';
import { startScene, type Scene } from './scene.ts';

export interface GrowthOptions {
  /** Of orders: see createData. */
  readonly rows: number;
  readonly days: number;
  /** Where the chart goes, as SVG. */
  readonly chart: string | undefined;
}

/** Shares of the rows that change in a day. */
const rates = [0.002, 0.02];

/** What each tool has stored after every one of so many daily backups, none of which is removed. Answers Markdown. */
export async function measureGrowth({ rows, days, chart }: GrowthOptions): Promise<string> {
  process.stderr.write(`growth: making ${rows} rows\n`);
  const scene = await startScene(rows);
  try {
    const panels: Panel[] = [];
    let dumpBytes = 0;
    for (const rate of rates) {
      await scene.beginAnew();
      dumpBytes = await scene.measureDump();
      panels.push({ title: `${rate * 100} % of the rows changed a day`, lines: await backUpDaily(scene, days, rate) });
    }
    const size = formatMegabytes(dumpBytes);
    const title = `What ${days} daily backups of a database of ${size} take (size of its dump, uncompressed)`;
    if (chart !== undefined) await writeFile(chart, drawChart(title, panels));
    return `${size} of uncompressed dump, at first\n\n${growthTable(panels, days)}`;
  } finally {
    await scene.stop();
  }
}

/** All tools at once, since time does not matter here. */
async function backUpDaily(scene: Scene, days: number, rate: number): Promise<Line[]> {
  const lines = scene.peers.map((peer) => ({ peer, name: peer.name, storedBytes: [] as number[] }));
  for (let number = 1; number <= days; number += 1) {
    if (number > 1) await changeRows(scene.sql, { number, rate });
    await Promise.all(
      lines.map(async ({ peer, storedBytes }) => {
        await scene.time(peer, 'backup');
        storedBytes.push(await scene.storedBytes(peer));
      }),
    );
    const stored = lines.map(({ storedBytes }) => storedBytes.at(-1)!);
    process.stderr.write(`growth: ${rate * 100} %, day ${number} of ${days}: ${stored.join(' ')}\n`);
  }
  return lines;
}

function growthTable(panels: readonly Panel[], days: number): string {
  const marks = [...new Set([1, 2, days])].filter((day) => day <= days);
  const heads = rates.flatMap((rate) => marks.map((day) => `${rate * 100} %: after ${day}`));
  const rows = panels[0]!.lines.map(({ name }, index) => {
    const cells = panels.flatMap(({ lines }) => marks.map((day) => formatMegabytes(lines[index]!.storedBytes[day - 1]!)));
    return row(name, ...cells);
  });
  return table(['tool', ...heads], rows);
}
