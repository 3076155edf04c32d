import type { ConnectionConfig } from '../config/project-config.ts';
import type { ArchiveSizes, CommandResult, PostgresPrograms } from '../context.ts';
import type { Role } from '../domain/manifest.ts';
import { AppError } from '../errors.ts';
import type { RestorePlan } from './plan.ts';

/** Everything that applying a dump needs. */
export interface ApplyRequest {
  readonly archive: string;
  readonly sizes: ArchiveSizes | undefined;
  readonly connection: ConnectionConfig;
  readonly database: string;
  /** The major version of the target's server. */
  readonly targetMajor: number;
  readonly programs: PostgresPrograms;
  /** From `clientEnvironment` of the target. */
  readonly environment: Readonly<Record<string, string>>;
  /** The run's private directory. */
  readonly directory: string;
  readonly plan: RestorePlan;
  /** All roles of the source. */
  readonly roles: readonly Role[];
}

export function ownerOptions(plan: RestorePlan): string[] {
  return plan.keepOwners ? [] : ['--no-owner', '--no-privileges'];
}

/** `whatIsLeft` tells the state of the target: nothing is ever left unsaid there. */
export function restoreError(whatIsLeft: string, result: CommandResult): AppError {
  const lines = result.stderr.split('\n').filter((line) => /error|fatal|detail|context/i.test(line));
  const said =
    lines.slice(0, 4).join(' ') || (result.signal === null ? `code ${result.exitCode}` : `ended by ${result.signal}`);
  return new AppError('restore_failed', `The restore failed: ${said} ${whatIsLeft} The backup itself is unharmed.`, {
    hint: 'Mend what the message names (a missing extension, a role, room on the disk of the server), then restore again into an empty database.',
    cause: result,
  });
}
