import type { AgentResult } from './agent.ts';

/** What `agent drill --json` prints. */
export interface DrillDocument {
  readonly command: string;
  readonly status: 'complete' | 'incomplete' | 'failed';
  readonly backupId: string;
  readonly archives: readonly string[];
  readonly serverVersion: string | null;
  readonly restoreMs: number | null;
  readonly storageMs: number | null;
  readonly checks: readonly {
    readonly name: string;
    readonly state: 'passed' | 'failed' | 'not checked';
    readonly detail: string;
    readonly failed: readonly string[];
    readonly notChecked: readonly string[];
  }[];
  readonly warnings: readonly string[];
  readonly error?: { readonly code: string; readonly message: string; readonly hint: string };
}

/** What a drill has found, by its checks: those that passed say nothing. */
export function findingsOf(result: AgentResult): Record<string, readonly string[]> {
  const { checks } = result.json<DrillDocument>();
  const findings = checks.map(({ name, failed, notChecked }): [string, readonly string[]] => [
    name,
    [...failed, ...notChecked.map((what) => `not checked: ${what}`)],
  ]);
  return Object.fromEntries(findings.filter(([, found]) => found.length > 0));
}
