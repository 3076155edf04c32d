/** Local times are told as milliseconds, too: those of the instant that would have the same clock face in UTC. */

const dayMs = 86_400_000;

/** Making one takes a while; there are as many as time zones in use. */
const formatters = new Map<string, Intl.DateTimeFormat>();

/** Whether that is a time zone of the IANA database, such as Europe/Berlin. */
export function isTimeZone(name: string): boolean {
  try {
    formatterOf(name);
    return true;
  } catch {
    return false;
  }
}

/** What clocks of the zone show at an instant. */
export function toLocal(instantMs: number, timeZone: string): number {
  const parts = new Map(
    formatterOf(timeZone)
      .formatToParts(instantMs)
      .map(({ type, value }) => [type, Number(value)]),
  );
  const part = (type: Intl.DateTimeFormatPartTypes): number => parts.get(type)!;
  return Date.UTC(part('year'), part('month') - 1, part('day'), part('hour'), part('minute'), part('second'));
}

/**
 * The instants at which clocks of the zone show a local time: one, as a rule; two of a time that comes again when clocks are
 * set back; none of one that they leap over.
 */
export function findInstants(localMs: number, timeZone: string): number[] {
  const [before, after] = offsetsAround(localMs, timeZone);
  const candidates = [...new Set([localMs - before, localMs - after])].toSorted((a, b) => a - b);
  return before === after ? candidates : candidates.filter((instant) => toLocal(instant, timeZone) === localMs);
}

/** The instant at which clocks leap over a local time that does not exist. */
export function findLeap(localMs: number, timeZone: string): number {
  const [before] = offsetsAround(localMs, timeZone);
  let low = localMs - 2 * dayMs;
  let high = localMs + 2 * dayMs;
  while (high - low > 1000) {
    const middle = 1000 * Math.floor((low + high) / 2000);
    if (offsetAt(middle, timeZone) === before) low = middle;
    else high = middle;
  }
  return high;
}

/** A day and more off to either side: no zone is further than that from UTC. */
function offsetsAround(localMs: number, timeZone: string): [number, number] {
  return [offsetAt(localMs - 2 * dayMs, timeZone), offsetAt(localMs + 2 * dayMs, timeZone)];
}

function offsetAt(instantMs: number, timeZone: string): number {
  return toLocal(instantMs, timeZone) - instantMs;
}

/** Throws RangeError for an unknown zone. */
function formatterOf(timeZone: string): Intl.DateTimeFormat {
  const known = formatters.get(timeZone);
  if (known !== undefined) return known;
  const numeric = 'numeric' as const;
  const formatter = new Intl.DateTimeFormat('en-US', {
    timeZone,
    calendar: 'gregory',
    hourCycle: 'h23',
    year: numeric,
    month: numeric,
    day: numeric,
    hour: numeric,
    minute: numeric,
    second: numeric,
  });
  formatters.set(timeZone, formatter);
  return formatter;
}
