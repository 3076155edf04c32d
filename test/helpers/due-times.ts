// When a schedule is due, found by looking at every minute: slowly, and by nothing of the agent's.

export interface SimpleSchedule {
  /** Five fields, as the agent reads them. */
  readonly text: string;
  readonly minutes: readonly number[];
  /** Undefined for every hour. */
  readonly hours: readonly number[] | undefined;
  /** Sunday is 0; undefined for all. */
  readonly weekdays: readonly number[] | undefined;
}

const minuteMs = 60_000;

/**
 * All moments between two, as docs/service.md says: a time that clocks leap over comes when they do, one that comes twice comes once, and
 * what is due in every hour goes by the hours that pass.
 */
export function listDueTimes(
  { minutes, hours, weekdays }: SimpleSchedule,
  timeZone: string,
  { from, to }: { readonly from: Date; readonly to: Date },
): number[] {
  const show = createWallClock(timeZone);
  const due = new Set<number>();
  const seen = new Set<number>();
  const isDue = (wall: Date): boolean =>
    (weekdays === undefined || weekdays.includes(wall.getUTCDay())) &&
    (hours === undefined || hours.includes(wall.getUTCHours())) &&
    minutes.includes(wall.getUTCMinutes());
  let before = show(from.getTime() - minuteMs);
  for (let atMs = from.getTime(); atMs < to.getTime(); atMs += minuteMs) {
    const wallMs = show(atMs);
    // What comes in every hour is not made up for.
    if (hours !== undefined && listMinutes(before + minuteMs, wallMs).some((leaptMs) => isDue(new Date(leaptMs))))
      due.add(atMs);
    if (isDue(new Date(wallMs)) && (hours === undefined || !seen.has(wallMs))) due.add(atMs);
    seen.add(wallMs);
    before = wallMs;
  }
  return [...due].toSorted((a, b) => a - b);
}

/** What clocks leap over; nothing, as a rule. */
function listMinutes(fromMs: number, toMs: number): number[] {
  return Array.from({ length: Math.max(0, (toMs - fromMs) / minuteMs) }, (_, index) => fromMs + index * minuteMs);
}

/** What clocks of a zone show, as the milliseconds of that time in UTC. Zones change at quarters of an hour. */
function createWallClock(timeZone: string): (atMs: number) => number {
  const format = new Intl.DateTimeFormat('sv-SE', { timeZone, dateStyle: 'short', timeStyle: 'medium' });
  const offsets = new Map<number, number>();
  return (atMs) => {
    const quarter = Math.floor(atMs / (15 * minuteMs));
    const known = offsets.get(quarter);
    if (known !== undefined) return atMs + known;
    const startMs = quarter * 15 * minuteMs;
    const offset = Date.parse(`${format.format(startMs).replace(' ', 'T')}Z`) - startMs;
    offsets.set(quarter, offset);
    return atMs + offset;
  };
}
