import type { RunContext } from '../../context.ts';
import type { StateStore } from '../../state-store.ts';

/** What the doctor works with: the state is one of the things that may be broken. */
export interface DoctorTools extends Omit<RunContext, 'state' | 'metrics'> {
  readonly openState: () => StateStore;
}

/** A clock this far off is normal between machines. */
export const clockToleranceMs = 60_000;
