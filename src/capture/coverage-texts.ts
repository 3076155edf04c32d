import type { Coverage } from '../domain/coverage.ts';

/** Captured, or empty when there is none of it. */
export function captured(component: string, detail: string, howMany = 1): Coverage {
  return howMany === 0 ? { component, state: 'empty', detail: 'none' } : { component, state: 'captured', detail };
}

/** "1 table", "3,024 rows" */
export function count(howMany: number, what: string): string {
  return `${howMany.toLocaleString('en-US')} ${what}${howMany === 1 ? '' : 's'}`;
}
