/** What a text in Prometheus' format tells, series by name and labels: `name{a="b"}`. */
export interface Exposition {
  readonly types: Readonly<Record<string, string>>;
  readonly series: readonly Series[];
  /** The value of the one series that has this name and at least these labels; undefined when there is none. */
  value(name: string, labels?: Readonly<Record<string, string>>): number | undefined;
}

interface Series {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

// A label may hold every character but an unescaped line feed, and `.` would refuse a carriage return and U+2028 as well.
const samplePattern = /^(?<name>[a-zA-Z_][a-zA-Z0-9_]*)\{(?<labels>.*)\} (?<value>-?\d+(?:\.\d+)?(?:e[+-]?\d+)?)$/s;
const labelPattern = /(?<name>[a-zA-Z_][a-zA-Z0-9_]*)="(?<value>(?:[^"\\\n]|\\["\\n])*)"(?:,(?!$)|$)/gy;

/**
 * Reads the text format strictly: HELP and TYPE before each family, once; its samples in one piece; each with labels, and no series twice.
 * https://prometheus.io/docs/instrumenting/exposition_formats/
 */
export function parseExposition(text: string): Exposition {
  if (!text.endsWith('\n')) throw new Error('does not end in a line feed');
  const types: Record<string, string> = {};
  const series: Series[] = [];
  const seen = new Set<string>();
  let helped = '';
  let family = '';
  for (const line of text.slice(0, -1).split('\n')) {
    if (line === '') continue;
    const comment = /^# (?<kind>HELP|TYPE) (?<name>\w+) (?<rest>.+)$/.exec(line)?.groups;
    if (comment?.['kind'] === 'HELP') {
      helped = comment['name']!;
    } else if (comment?.['kind'] === 'TYPE') {
      family = comment['name']!;
      if (helped !== family || family in types) throw new Error(`has no HELP before it, or comes again: ${line}`);
      if (!['gauge', 'counter'].includes(comment['rest']!)) throw new Error(`has another type: ${line}`);
      types[family] = comment['rest']!;
    } else {
      const sample = parseSample(line);
      const key = JSON.stringify([sample.name, Object.entries(sample.labels).toSorted(([a], [b]) => a.localeCompare(b))]);
      if (sample.name !== family || helped !== family) throw new Error(`stands outside of its family: ${line}`);
      if (seen.has(key)) throw new Error(`comes twice: ${line}`);
      seen.add(key);
      series.push(sample);
    }
  }
  return { types, series, value: (name, labels = {}) => findValue(series, name, labels) };
}

function parseSample(line: string): Series {
  const groups = samplePattern.exec(line)?.groups;
  if (groups === undefined) throw new Error(`cannot be read: ${line}`);
  const text = groups['labels']!;
  const found = [...text.matchAll(labelPattern)];
  const read = found.reduce((length, [all]) => length + all.length, 0);
  const labels = Object.fromEntries(found.map(({ groups: label }) => [label!['name']!, unescape(label!['value']!)]));
  if (read !== text.length || Object.keys(labels).length !== found.length) throw new Error(`has labels that are none: ${line}`);
  return { name: groups['name']!, labels, value: Number(groups['value']) };
}

function unescape(text: string): string {
  return text.replaceAll(/\\(.)/g, (_, character: string) => (character === 'n' ? '\n' : character));
}

function findValue(series: readonly Series[], name: string, labels: Readonly<Record<string, string>>): number | undefined {
  const wanted = Object.entries(labels);
  const matches = series.filter((one) => one.name === name && wanted.every(([label, value]) => one.labels[label] === value));
  if (matches.length > 1) throw new Error(`${name} is there ${matches.length} times with ${JSON.stringify(labels)}`);
  return matches[0]?.value;
}
