import type { CommandResult } from '../../context.ts';
import type { ErrorCode } from '../../domain/exit-code.ts';
import { noRoomMessage } from '../../domain/no-room.ts';
import { AppError } from '../../errors.ts';

interface BorgMessage {
  readonly level: string;
  readonly id: string | undefined;
  readonly text: string;
}

interface KnownFailure {
  /** Matches Borg's message id, or the text where Borg gives none. */
  readonly pattern: RegExp;
  readonly code: ErrorCode;
  readonly message: (location: string, said: string) => string;
  readonly hint: string;
}

/** Message ids: https://borgbackup.readthedocs.io/en/stable/internals/frontends.html#message-ids */
const knownFailures: readonly KnownFailure[] = [
  {
    pattern: /^(PassphraseWrong|PasscommandFailure)$|passphrase supplied in .* is incorrect/,
    code: 'passphrase_wrong',
    message: (location) => `The passphrase does not open the repository ${location}. Nothing was changed.`,
    hint: 'Check BORG_PASSPHRASE (or its _FILE or _COMMAND): it must be the one the repository was created with. If it is, the key in the repository is damaged: `borg key import :: FILE` puts back the exported one.',
  },
  {
    pattern: /^(LockTimeout|LockErrorT?|LockFailed|NotLocked)$|Failed to (create\/)?acquire the lock/,
    code: 'repository_locked',
    message: (location) => `Another Borg process holds the lock of the repository ${location}. Nothing was changed.`,
    hint: 'Wait for it to end, or longer for it (BORG_LOCK_WAIT). If it died on another machine, run `borg break-lock` once nothing uses the repository any more.',
  },
  {
    pattern: new RegExp(`${noRoomMessage.source}|InsufficientFreeSpaceError|StorageQuotaExceeded`),
    code: 'no_space',
    message: (location) => `There is no space left for the repository ${location}. Its earlier archives are safe.`,
    hint: 'Free some space on the disk of the repository (Borg wants 600 MB to end a transaction) or of STATE_DIR, which holds its cache.',
  },
  {
    pattern: /^Repository\.(DoesNotExist|ParentPathDoesNotExist)$|^Repository\.InvalidRepository$/,
    code: 'repository_missing',
    message: (location) => `There is no Borg repository at ${location}.`,
    hint: 'Create it with `agent init`, or correct BORG_REPO; is the disk mounted?',
  },
  {
    pattern: /^Repository\.(AlreadyExists|PathAlreadyExists)$/,
    code: 'repository_exists',
    message: (location) => `There is already something at ${location}; it was left as it is.`,
    hint: 'If it is the repository of this project there is nothing to do; otherwise choose another BORG_REPO.',
  },
  {
    pattern: /^Archive\.AlreadyExists$/,
    code: 'repository_failed',
    message: (location) => `An archive of this very second already exists in ${location}. It was not replaced.`,
    hint: 'Was the clock set back? Run the backup again.',
  },
  {
    pattern: /^ConnectionClosed|^ConnectionBroken|Connection closed by remote host/,
    code: 'repository_failed',
    message: (location) => `The connection to the repository ${location} could not be made, or broke.`,
    hint: 'Try `ssh` to that host as this user; check BORG_RSH, the key, and that borg is installed there.',
  },
  {
    // Borg before 1.2.6 leaves the tag of an archive that it renames as it was, which later ones find not authentic.
    // https://github.com/borgbackup/borg/issues/7791
    pattern: /^ArchiveTAM(Invalid|RequiredError)$/,
    code: 'repository_failed',
    message: (location) =>
      `Borg does not find the archives of ${location} authentic: a Borg older than 1.2.6 has renamed them, or somebody has tampered with them. Nothing was changed.`,
    hint: 'After an upgrade of Borg run `borg upgrade --archives-tam` on the repository, once. Run no `borg check --repair` before that: it would delete these archives. If Borg was not upgraded, find out who else writes to the repository.',
  },
  {
    // A damaged entry, an entry or a whole segment that is gone, and what a repair has filled with zeros.
    pattern:
      /^(IntegrityError|DecompressionError|Repository\.ObjectNotFound)$|damaged \(all-zero\) chunks|Size inconsistency detected|No such file or directory: '.*\/data\/\d+\/\d+'/,
    code: 'verification_failed',
    message: (location) => `The repository ${location} is damaged: not all that was archived can be read back.`,
    hint: 'See how far it goes with `borg check --verify-data`. Copy the repository before any `borg check --repair`, which fills what is lost with zeros. Run `agent verify --all` to find the backups that are whole.',
  },
  {
    pattern:
      /^Cache\.(RepositoryAccessAborted|RepositoryReplay|CacheInitAbortedError|EncryptionMethodMismatch)$|^Repository\.ReplayError/,
    code: 'repository_failed',
    message: (location) =>
      `Borg refuses the repository ${location}: it was moved, replaced or rolled back since it was last used.`,
    hint: 'If you did that yourself, run one command with BORG_RELOCATED_REPO_ACCESS_IS_OK=yes, or, after you have put back an older copy, do what docs/operations.md says; otherwise find out who did.',
  },
  {
    // Last: what Borg says when it breaks off for a reason that it does not know, as on a file of its own that is damaged.
    pattern: /^Local Exception|^Repository\.InvalidRepositoryConfig$|does not have a valid configuration/,
    code: 'repository_failed',
    message: (location, said) =>
      `Borg broke off its work on the repository ${location}: ${said} Earlier archives are as they were.`,
    hint: 'Run `agent doctor`. If Borg, memory and the disk are well, one of Borg\'s own files may be damaged: copy the repository and do to the copy what docs/restore.md says, "If the repository is damaged".',
  },
];

/** Turns a failed borg command into the error that a user can act on. Earlier archives are never touched by a failure. */
export function borgError(location: string, verb: string, result: CommandResult): AppError {
  const messages = parseMessages(result.stderr);
  for (const failure of knownFailures) {
    const hit = messages.some(({ id, text }) => failure.pattern.test(id ?? '') || failure.pattern.test(text));
    if (hit) {
      return new AppError(failure.code, failure.message(location, describe(messages)), {
        hint: failure.hint,
        retryable: failure.code === 'repository_locked',
        cause: describe(messages),
      });
    }
  }
  const how = result.signal === null ? `ended with code ${result.exitCode}` : `was ended by ${result.signal}`;
  return new AppError('repository_failed', `borg ${verb} ${how}: ${describe(messages)} Earlier archives are safe.`, {
    hint: 'Run `agent doctor`; if it finds nothing, run `borg check` on the repository.',
  });
}

function describe(messages: readonly BorgMessage[]): string {
  const unforeseen = messages.some(({ text }) => text.startsWith(unforeseenError));
  const said = messages
    .filter(({ level }) => level !== 'INFO' && level !== 'DEBUG')
    .map(({ text }) => (unforeseen ? nameException(text) : text.trim().split('\n')[0]!))
    .filter((text) => text !== unforeseenError && !text.startsWith('Traceback '));
  const text = said.slice(-3).join(' / ') || 'it said nothing';
  return /[.!?]$/.test(text) ? text : `${text}.`;
}

/** Above the traceback of an exception that nobody foresaw, which is a message of its own and ends in facts about the machine. */
const unforeseenError = 'Local Exception';

/** `OSError: [Errno 5] Input/output error`: the last line of a traceback; the first one of any other message. */
function nameException(text: string): string {
  const [before, traceback] = text.split('Traceback (most recent call last):\n');
  const named = (traceback ?? '').split('\nPlatform: ')[0]!.trim().split('\n').at(-1)!;
  return named === '' ? before!.trim().split('\n')[0]! : named;
}

function parseMessages(stderr: string): BorgMessage[] {
  return stderr
    .split('\n')
    .filter((line) => line.trim() !== '')
    .map(parseMessage)
    .filter((message) => message !== undefined);
}

/** Borg prints JSON (`--log-json`), but for usage errors and what ssh says. */
function parseMessage(line: string): BorgMessage | undefined {
  try {
    const { type, levelname, msgid, message } = JSON.parse(line) as Record<string, unknown>;
    if (type !== 'log_message') return undefined;
    return { level: toText(levelname) ?? 'ERROR', id: toText(msgid), text: toText(message) ?? '' };
  } catch {
    return { level: 'ERROR', id: undefined, text: line };
  }
}

function toText(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined;
}
