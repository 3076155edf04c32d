const factors: Readonly<Record<string, number>> = {
  '': 1,
  k: 1e3,
  m: 1e6,
  g: 1e9,
  t: 1e12,
  ki: 2 ** 10,
  mi: 2 ** 20,
  gi: 2 ** 30,
  ti: 2 ** 40,
};

/** Reads `10GB` (decimal, as bills count), `2GiB` (binary), `1.5 MB`, `1048576`. Undefined when it is none of these, or less than a byte. */
export function parseByteSize(text: string): number | undefined {
  const groups = /^(?<number>\d{1,15}(?:\.\d{1,6})?) ?(?<unit>|[kmgt]i?)b?$/i.exec(text.trim())?.groups;
  if (groups === undefined) return undefined;
  const bytes = Math.floor(Number(groups['number']) * factors[groups['unit']!.toLowerCase()]!);
  return bytes >= 1 && Number.isSafeInteger(bytes) ? bytes : undefined;
}
