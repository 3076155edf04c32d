import fc from 'fast-check';

/** One thing that is wrong with a document; numbers, so that fast-check can make it simpler. */
export interface Mutation {
  /** Where: counted around, so that every number is a place. */
  readonly at: number;
  readonly how: number;
  readonly what: number;
}

const numbers = fc.nat({ max: 1_000_000 });

/** One to three of them. */
export const mutations: fc.Arbitrary<readonly Mutation[]> = fc.array(fc.record({ at: numbers, how: numbers, what: numbers }), {
  minLength: 1,
  maxLength: 3,
});

const odd: readonly unknown[] = [
  null,
  true,
  0,
  -1,
  1.5,
  1e308,
  2 ** 53 + 2,
  '',
  ' ',
  '..',
  '../../../canary',
  '/etc/passwd',
  'storage/../../canary',
  'a\nb',
  '\u001b[2J\u001b]0;title\u0007\u0000',
  '\u202egnp.exe',
  '\ud800',
  'x'.repeat(5000),
  '2026-02-31T25:00:00Z',
  'NaN',
  '%00%2e%2e',
  [],
  {},
  [[[[]]]],
  { constructor: 1, toString: null },
];

interface Place {
  readonly holder: Record<string, unknown>;
  readonly key: string;
}

/** A copy of a JSON document in which some nodes are others: another type, gone, twice, what stands elsewhere, or added. */
export function mutateJson(document: unknown, changes: readonly Mutation[]): unknown {
  const root = structuredClone({ document });
  for (const { at, how, what } of changes) {
    const places = listPlaces(root);
    const place = places[at % places.length];
    if (place === undefined) continue;
    const { holder, key } = place;
    const other = places[what % places.length]!;
    const change = [
      () => (holder[key] = structuredClone(odd[what % odd.length])),
      () => void delete holder[key],
      () => (holder[key] = structuredClone(other.holder[other.key])),
      () => (holder[key] = Array.from({ length: 3 }, () => structuredClone(holder[key]))),
      () => (holder[`${key}2`] = structuredClone(odd[what % odd.length])),
    ];
    change[how % change.length]!();
  }
  return root.document;
}

function listPlaces(holder: Record<string, unknown>): Place[] {
  return Object.keys(holder).flatMap((key) => {
    const value = holder[key];
    const below = typeof value === 'object' && value !== null ? listPlaces(value as Record<string, unknown>) : [];
    return [{ holder, key }, ...below];
  });
}

/** A copy of some bytes of which a few are others, gone, twice or at another place. */
export function mutateBytes(bytes: Buffer, changes: readonly Mutation[]): Buffer {
  return changes.reduce((before, { at, how, what }) => {
    const start = before.length === 0 ? 0 : at % before.length;
    const end = Math.min(before.length, start + 1 + (what % 40));
    const [head, middle, tail] = [before.subarray(0, start), before.subarray(start, end), before.subarray(end)];
    const strange = Buffer.from([[0], [0xff, 0xfe], [0xc3], [0x0a], [0x1b, 0x5b], [0x80], [0x22], [0x7b]][what % 8]!);
    const flipped = Buffer.from(middle);
    if (flipped.length > 0) flipped[0] = flipped[0]! ^ (1 << (what % 8));
    const made = [
      () => [head, flipped, tail],
      () => [head, tail],
      () => [head],
      () => [head, middle, middle, tail],
      () => [head, strange, tail],
      () => [tail, head],
    ];
    return Buffer.concat(made[how % made.length]!());
  }, bytes);
}

/** A JSON document as text, in which nodes or bytes are others. */
export function mutateJsonText(document: unknown, changes: readonly Mutation[]): Buffer {
  const inTree = changes.filter(({ how }) => how % 4 !== 0);
  const inBytes = changes.filter(({ how }) => how % 4 === 0);
  return mutateBytes(Buffer.from((JSON.stringify(mutateJson(document, inTree)) as string | undefined) ?? ''), inBytes);
}
