/** Milliseconds of the units that durations are told in. */
export const unitsMs: Readonly<Record<string, number>> = { s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 };

/** Milliseconds of `90m`, `26h`, `1.5d`; undefined when it is none of these, or nothing at all. */
export function parseDuration(text: string): number | undefined {
  const match = /^(\d{1,6}(?:\.\d{1,6})?)([mhd])$/.exec(text.trim());
  const ms = match === null ? 0 : Number(match[1]) * unitsMs[match[2]!]!;
  return ms > 0 ? ms : undefined;
}
