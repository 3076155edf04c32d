import type { Schedule } from './parse.ts';
import { findInstants, findLeap, toLocal } from './zone.ts';

const dayMs = 86_400_000;
/** A 29 February can be eight years away, when there is none in the turn of a century. */
const daysLimit = 8 * 366 + 2;

/**
 * The first time of a schedule after an instant. A local time that does not exist, because clocks leap over it, comes when they do; one
 * that exists twice comes once, at first. Only what happens in every hour goes by the hours that pass, not by those that clocks show.
 * Not as node-cron does it, which skips the former and may come late by an hour in the latter (ADR 12).
 */
export function nextTime(schedule: Schedule, after: Date): Date {
  const found = walkDays(schedule, after, 1);
  if (found === undefined) throw new RangeError(`The schedule ${schedule.text} never comes.`);
  return new Date(found);
}

/** The last time of a schedule at or before an instant. */
export function previousTime(schedule: Schedule, before: Date): Date {
  // Times have no milliseconds.
  const found = walkDays(schedule, new Date(before.getTime() + 1), -1);
  if (found === undefined) throw new RangeError(`The schedule ${schedule.text} never came.`);
  return new Date(found);
}

const sampledPauses = 10;

/** The longest pause between the next few times of a schedule: of one for Monday to Friday, the week-end. */
export function longestPauseMs(schedule: Schedule, from: Date): number {
  let time = nextTime(schedule, from);
  let longest = 0;
  for (let index = 0; index < sampledPauses; index += 1) {
    const next = nextTime(schedule, time);
    longest = Math.max(longest, next.getTime() - time.getTime());
    time = next;
  }
  return longest;
}

/** Local days do not always follow each other without overlap, so each is looked at together with the one behind it. */
function walkDays(schedule: Schedule, from: Date, direction: 1 | -1): number | undefined {
  const fromMs = from.getTime();
  const choose = (day: number): number | undefined => {
    const times = timesOfDay(schedule, day).filter((time) => (time - fromMs) * direction > 0);
    return times.length === 0 ? undefined : direction * Math.min(...times.map((time) => direction * time));
  };
  const first = dayMs * Math.floor(toLocal(fromMs, schedule.timeZone) / dayMs) - direction * dayMs;
  for (let count = 0; count < daysLimit; count += 1) {
    const day = first + direction * count * dayMs;
    const found = choose(day);
    if (found === undefined) continue;
    const other = choose(day + direction * dayMs);
    return other === undefined || (other - found) * direction > 0 ? found : other;
  }
  return undefined;
}

/** All instants that a schedule has on a local day, in no order. */
function timesOfDay(schedule: Schedule, day: number): number[] {
  if (!isOnDay(schedule, new Date(day))) return [];
  const { hours, minutes, timeZone } = schedule;
  const locals = hours.flatMap((hour) => minutes.map((minute) => day + (hour * 60 + minute) * 60_000));
  const [start, end] = [findInstants(day, timeZone), findInstants(day + dayMs, timeZone)];
  const [midnight = 0, nextMidnight = 0] = [start[0], end[0]];
  // Most days are 24 hours long, and clocks run through.
  if (start.length === 1 && end.length === 1 && nextMidnight - midnight === dayMs) {
    return locals.map((local) => midnight + local - day);
  }
  const everyHour = hours.length === 24;
  return [...new Set(locals.flatMap((local) => resolve(local, { timeZone, everyHour })))];
}

function resolve(local: number, { timeZone, everyHour }: { timeZone: string; everyHour: boolean }): number[] {
  const instants = findInstants(local, timeZone);
  if (everyHour) return instants;
  return instants.length === 0 ? [findLeap(local, timeZone)] : instants.slice(0, 1);
}

function isOnDay(schedule: Schedule, day: Date): boolean {
  if (!schedule.months.has(day.getUTCMonth() + 1)) return false;
  const inMonth = schedule.monthDays.has(day.getUTCDate());
  const inWeek = schedule.weekdays.has(day.getUTCDay());
  return schedule.anyKindOfDay ? inMonth || inWeek : inMonth && inWeek;
}
