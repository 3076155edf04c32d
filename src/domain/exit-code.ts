/** The exit codes of the command. They are a contract (README, "Exit codes"): only ever extended. */
export const exitCodes = {
  ok: 0,
  failed: 1,
  usage: 2,
  incomplete: 3,
  noRepository: 10,
  locked: 11,
  wrongPassphrase: 12,
  sourceUnreachable: 20,
  noSpace: 21,
  verificationFailed: 22,
  interrupted: 130,
} as const;

export type ExitCode = (typeof exitCodes)[keyof typeof exitCodes];

/** Every way in which a command can fail, as it stands in JSON (`error.code`), and the exit code that follows from it. */
const exitCodeOfError = {
  failed: exitCodes.failed,
  usage: exitCodes.usage,
  configuration: exitCodes.usage,
  tool_missing: exitCodes.usage,
  tool_failed: exitCodes.failed,
  dump_failed: exitCodes.failed,
  restore_failed: exitCodes.failed,
  backup_not_found: exitCodes.usage,
  backup_incomplete: exitCodes.usage,
  target_refused: exitCodes.usage,
  prune_refused: exitCodes.failed,
  repository_exists: exitCodes.usage,
  repository_missing: exitCodes.noRepository,
  repository_failed: exitCodes.failed,
  /** Another run of the project is going on, and does the work. */
  locked: exitCodes.locked,
  /** Somebody else uses the repository, and nothing is done. */
  repository_locked: exitCodes.locked,
  passphrase_wrong: exitCodes.wrongPassphrase,
  source_unreachable: exitCodes.sourceUnreachable,
  target_unreachable: exitCodes.sourceUnreachable,
  no_space: exitCodes.noSpace,
  timed_out: exitCodes.failed,
  verification_failed: exitCodes.verificationFailed,
  comparison_failed: exitCodes.verificationFailed,
  interrupted: exitCodes.interrupted,
  cancelled: exitCodes.interrupted,
} as const satisfies Record<string, ExitCode>;

export type ErrorCode = keyof typeof exitCodeOfError;

/** The one switch from an error to the exit code of the process. */
export function exitCodeFor(code: ErrorCode): ExitCode {
  return exitCodeOfError[code];
}

/** How a run ended, as it stands in manifests, JSON and the run history. */
export type RunStatus = 'complete' | 'incomplete' | 'failed';

/** The exit code of a command that ran to its end. */
export function exitCodeForStatus(status: RunStatus): ExitCode {
  if (status === 'complete') return exitCodes.ok;
  return status === 'incomplete' ? exitCodes.incomplete : exitCodes.failed;
}

/**
 * From the worst to the best, for a command that looks after several projects: whoever sees only one code has to learn of what needs him most.
 *
 * An interruption is first: not all was tried, and nobody may take the rest for done. Then what says that backups there are may be no good;
 * then what no other try will mend (room, passphrase, repository, configuration), and what may be anything; a database that
 * cannot be reached may well be back tomorrow. An incomplete backup is one, at least; where a lock is in the way another run is at it.
 */
const fromWorst: readonly ExitCode[] = [
  exitCodes.interrupted,
  exitCodes.verificationFailed,
  exitCodes.noSpace,
  exitCodes.wrongPassphrase,
  exitCodes.noRepository,
  exitCodes.usage,
  exitCodes.failed,
  exitCodes.sourceUnreachable,
  exitCodes.incomplete,
  exitCodes.locked,
  exitCodes.ok,
];

/** The one exit code that stands for all of them; ok for none. */
export function worstExitCode(codes: readonly ExitCode[]): ExitCode {
  return fromWorst.find((code) => codes.includes(code)) ?? exitCodes.ok;
}
