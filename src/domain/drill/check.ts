import type { RunStatus } from '../exit-code.ts';

/** What a drill looks at. */
export type DrillCheckName =
  | 'archive'
  | 'restore'
  | 'rows'
  | 'content'
  | 'definitions'
  | 'foreign keys'
  | 'indexes'
  | 'sequences'
  | 'views'
  | 'row security'
  | 'storage objects'
  | 'storage rows'
  | 'assertions';

export type DrillCheckState = 'passed' | 'failed' | 'not checked';

export interface DrillCheck {
  readonly name: DrillCheckName;
  readonly state: DrillCheckState;
  /** How much of what was looked at: "20 tables with 2,750 rows". */
  readonly detail: string;
  /** What is not as it was, by name. */
  readonly failed: readonly string[];
  /** What could not be looked at, and why. */
  readonly notChecked: readonly string[];
}

export type DrillFindings = Omit<DrillCheck, 'name' | 'state'>;

/** A check of which any part could not be carried out has not passed. */
export function concludeCheck(name: DrillCheckName, findings: DrillFindings): DrillCheck {
  const { failed, notChecked } = findings;
  const state = failed.length > 0 ? 'failed' : notChecked.length > 0 ? 'not checked' : 'passed';
  return { name, state, ...findings };
}

/** A check that has not been begun. */
export function leaveUnchecked(name: DrillCheckName, reason: string): DrillCheck {
  return concludeCheck(name, { detail: 'not looked at', failed: [], notChecked: [reason] });
}

/** How the drill as a whole ended. */
export function concludeDrill(checks: readonly DrillCheck[]): RunStatus {
  if (checks.some(({ state }) => state === 'failed')) return 'failed';
  return checks.length > 0 && checks.every(({ state }) => state === 'passed') ? 'complete' : 'incomplete';
}

/** For the message of a drill that failed: the first of what is not as it was. */
export function describeFailures(checks: readonly DrillCheck[]): string {
  const failures = checks.flatMap(({ name, failed }) => failed.map((what) => `${name}: ${what}`));
  const shown = failures.slice(0, 3).join('; ');
  return failures.length > 3 ? `${shown}; and ${failures.length - 3} more` : shown;
}
