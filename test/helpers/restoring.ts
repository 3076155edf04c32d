import { expect } from 'vitest';
import { runAgent, type AgentResult } from './agent.ts';
import type { TestRepository } from './borg.ts';
import type { TestDatabase } from './database.ts';
import { hostileCanaries } from './platform.ts';
import type { TestProject } from './project.ts';
import { createInitializedProject } from './scenario.ts';

interface Item {
  readonly what: string;
  readonly why: string;
}

/** What `agent restore --json` prints, of a restore that came to its end or of one that was refused. */
export interface RestoreDocument {
  readonly status: 'complete' | 'incomplete' | 'failed';
  readonly error?: { readonly code: string; readonly message: string; readonly hint: string };
  readonly plan: {
    readonly kind: string;
    readonly steps: readonly string[];
    readonly created: Readonly<Record<string, number>>;
    readonly replaced: readonly string[];
    readonly skipped: readonly Item[];
    readonly refusals: readonly string[];
    readonly losses: readonly string[];
    readonly forbidden: readonly Item[];
    readonly manual: readonly string[];
  };
  /** Not of one that was refused, or only planned. */
  readonly comparison?: {
    readonly differences: readonly object[];
    readonly changedContents: readonly string[];
    readonly catalog: readonly { readonly class: string; readonly name: string; readonly verdict: string }[];
    readonly privilegeLeaks: readonly string[];
  };
  readonly skipped: readonly string[];
  readonly safetyBackup?: string;
}

export interface Restored {
  readonly exitCode: number;
  readonly document: RestoreDocument;
}

type Configured = Pick<TestDatabase, 'config'>;

/** A project with one backup of `source`, whose TEST_ block is `target`. */
export async function createBackedUpProject(
  source: Configured,
  target: Configured,
): Promise<{ project: TestProject; repository: TestRepository }> {
  const made = await createInitializedProject({ database: source, target });
  expect(await runAgent(['backup', '--env-file', made.project.envFile])).toMatchObject({ exitCode: 0, stderr: '' });
  return made;
}

/** Runs `agent restore BACKUP --to test --json`, confirmed. No secret of the hostile source is ever told. */
export async function restore(project: TestProject, backup: string, ...options: readonly string[]): Promise<Restored> {
  const args = ['restore', backup, '--to', 'test', '--confirm', 'shop-test', '--json', '--env-file', project.envFile];
  const result = await runAgent([...args, ...options]);
  expectNoSecrets(result);
  return { exitCode: result.exitCode, document: result.json<RestoreDocument>() };
}

/** The same, of the latest backup, of a part of it, and without a safety backup, which takes its time. */
export async function restorePart(project: TestProject, ...options: readonly string[]): Promise<Restored> {
  return restore(project, 'latest', '--no-safety-backup', ...options);
}

function expectNoSecrets({ stdout, stderr }: AgentResult): void {
  for (const canary of hostileCanaries) expect(stdout + stderr).not.toContain(canary);
}

/** Everything that was restored is as it was, or at rest. */
export function expectComplete({ exitCode, document }: Restored): void {
  const { error, status, skipped } = document;
  expect({ exitCode, status, error, skipped, lost: listLost(document) }).toEqual({
    exitCode: 0,
    status: 'complete',
    error: undefined,
    skipped: [],
    lost: [],
  });
  expect(document.comparison).toMatchObject({ differences: [], changedContents: [], privilegeLeaks: [] });
}

/** What of the catalog is not as in the backup: `index public.notes_by_date`. */
export function listLost({ comparison }: Pick<RestoreDocument, 'comparison'>): string[] {
  const lost = (comparison?.catalog ?? []).filter(({ verdict }) => verdict === 'lost');
  return lost.map(({ class: className, name }) => `${className} ${name}`);
}

export function expectRefused({ exitCode, document }: Restored, message: string): void {
  expect({ exitCode, message: document.error?.message }).toEqual({ exitCode: 2, message });
  expect(document).toMatchObject({ command: 'restore', status: 'failed', error: { code: 'target_refused', exitCode: 2 } });
}

/** Ended by the transaction itself. */
export function expectRolledBack({ exitCode, document }: Restored, message: string): void {
  expect(exitCode).toBe(1);
  expect(document).toMatchObject({ status: 'failed', error: { code: 'restore_failed' } });
  expect(document.error!.message).toContain(message);
  expect(document.error!.message).toContain('Nothing of it stayed on the target.');
}
