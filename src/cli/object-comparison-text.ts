import type { ComparedObjects } from '../pipeline/compare-objects.ts';
import { printable } from '../domain/printable.ts';
import { formatBytes } from './output.ts';

const shownNames = 20;

/** What a comparison of objects of Storage has found, for people. */
export function objectComparisonText(objects: ComparedObjects): string[] {
  const { compared, downloaded, bytes, equal, different, missing, extra, unreadable, sample, buckets } = objects;
  const counts = [
    [different, 'different'],
    [missing, 'missing'],
    [unreadable, 'unreadable'],
  ] as const;
  const unequal = counts.filter(([count]) => count > 0).map(([count, what]) => `${number(count)} ${what}`);
  const failing = objects.differences.filter(({ kind }) => kind !== 'extra');
  const extraBuckets = buckets.filter(({ kind }) => kind === 'extra');
  const others = objects.differences.filter(({ kind }) => kind === 'extra');
  return [
    `Storage: ${number(compared)} objects, ${number(equal)} equal${unequal.length === 0 ? '' : `, BUT ${unequal.join(', ')}`}.`,
    `Downloaded: ${number(downloaded)} objects, ${formatBytes(bytes)}${sample < 100 ? ` (a sample of ${sample} %; of the others size, type and metadata were compared)` : ''}.`,
    ...buckets.filter(({ kind }) => kind !== 'extra').map(toBucketLine),
    ...shorten(failing.map(toLine)),
    ...(extra === 0 ? [] : [`${number(extra)} more objects, which the backup does not hold, are there; that does not count:`]),
    ...shorten(others.map(toLine)),
    ...(extraBuckets.length === 0 ? [] : ['Buckets which the backup does not hold are there; that does not count:']),
    ...shorten(extraBuckets.map(toBucketLine)),
  ];
}

function toBucketLine({ bucket, kind, what }: ComparedObjects['buckets'][number]): string {
  return printable(`  ${kind}: bucket ${bucket}${what.length === 0 ? '' : `: ${what.join(', ')}`}`);
}

function toLine({ bucket, name, kind, what }: ComparedObjects['differences'][number]): string {
  return `  ${kind}: ${bucket}/${name}${what.length === 0 ? '' : `: ${what.join(', ')}`}`;
}

function shorten(lines: readonly string[]): string[] {
  const more = lines.length - shownNames;
  return [
    ...lines.slice(0, shownNames).map(printable),
    ...(more > 0 ? [`  and ${more.toLocaleString('en-US')} more: --json names them all`] : []),
  ];
}

function number(count: number): string {
  return count.toLocaleString('en-US');
}
