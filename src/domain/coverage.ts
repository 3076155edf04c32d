import { z } from 'zod';
import type { RunStatus } from './exit-code.ts';

/** The only ways in which a component of a project can end in a backup. */
export const coverageStates = ['captured', 'empty', 'not readable', 'not configured', 'not supported'] as const;

export const coverageSchema = z.object({
  /** What it is about, as a user calls it: "tables", "large objects", "auth schema". */
  component: z.string(),
  state: z.enum(coverageStates),
  /** Why, and how much: "2 tables with 14 rows", "role reader has no USAGE on schema secret". */
  detail: z.string(),
});

/** What became of one component of the project. */
export type Coverage = z.infer<typeof coverageSchema>;

/** The component of user mappings whose options the connecting role may not read. */
export const hiddenOptions = 'options of user mappings';

/** A run is complete when nothing that exists was left out because it could not be read. */
export function statusOf(coverage: readonly Coverage[]): Exclude<RunStatus, 'failed'> {
  return coverage.some((entry) => entry.state === 'not readable') ? 'incomplete' : 'complete';
}
