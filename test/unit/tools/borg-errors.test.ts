import { expect, test } from 'vitest';
import { borgError } from '../../../src/tools/borg/errors.ts';
import { parseListing } from '../../../src/tools/borg/listing.ts';

const message = (msgid: string, text = 'text'): string =>
  JSON.stringify({ type: 'log_message', levelname: 'ERROR', name: 'borg', msgid, message: text });

/** What Borg 1.2 and 1.4 print, and what becomes of it: a contract with whoever reads it at night. */
test.each([
  [message('PassphraseWrong'), 'passphrase_wrong', 12, 'does not open the repository', 'Check BORG_PASSPHRASE'],
  [message('LockTimeout'), 'repository_locked', 11, 'Another Borg process holds the lock', 'BORG_LOCK_WAIT'],
  [message('Repository.DoesNotExist'), 'repository_missing', 10, 'There is no Borg repository at /r', '`agent init`'],
  [message('Repository.InvalidRepository'), 'repository_missing', 10, 'There is no Borg repository at /r', '`agent init`'],
  [message('Repository.AlreadyExists'), 'repository_exists', 2, 'already something at /r', 'choose another BORG_REPO'],
  [message('', 'OSError: [Errno 28] No space left on device'), 'no_space', 21, 'no space left', 'Free some space'],
  ['Remote: OSError: [Errno 28] No space left on device', 'no_space', 21, 'no space left', 'Free some space'],
  [message('ConnectionClosedWithHint'), 'repository_failed', 1, 'connection to the repository', '`ssh`'],
  [
    message('Cache.RepositoryAccessAborted'),
    'repository_failed',
    1,
    'moved, replaced or rolled back',
    'BORG_RELOCATED_REPO_ACCESS_IS_OK',
  ],
  [message('Archive.AlreadyExists'), 'repository_failed', 1, 'of this very second already exists', 'Run the backup again'],
  [message('ArchiveTAMInvalid'), 'repository_failed', 1, 'a Borg older than 1.2.6', '`borg upgrade --archives-tam`'],
  [message('IntegrityError'), 'verification_failed', 22, '/r is damaged', '`borg check --verify-data`'],
  [message('Repository.ObjectNotFound'), 'verification_failed', 22, '/r is damaged', 'Copy the repository'],
  [
    message('Exception', "FileNotFoundError: [Errno 2] No such file or directory: '/r/data/0/2'"),
    'verification_failed',
    22,
    '/r is damaged',
    '`agent verify --all`',
  ],
  [message('', 'a: File has damaged (all-zero) chunks.'), 'verification_failed', 22, '/r is damaged', '`borg check'],
  [
    message(
      'Exception',
      "Local Exception\n\nTraceback (most recent call last):\nFileNotFoundError: No such file or directory: '/r/data/0/2'",
    ),
    'verification_failed',
    22,
    '/r is damaged',
    '`agent verify --all`',
  ],
  [
    [
      message('Exception', 'Local Exception'),
      message(
        '',
        'Traceback (most recent call last):\n  File "archiver.py", line 1, in main\n    run()\nOSError: [Errno 5] Input/output error\n\nPlatform: Linux node',
      ),
    ].join('\n'),
    'repository_failed',
    1,
    'broke off its work on the repository /r: OSError: [Errno 5] Input/output error. Earlier archives are as they were.',
    'docs/restore.md',
  ],
  ['usage: borg [-V]\nborg: error: unknown', 'repository_failed', 1, 'borg create ended with code 2: ', '`agent doctor`'],
])('%s', (...[stderr, code, exitCode, text, hint]) => {
  const error = borgError('/r', 'create', { exitCode: 2, signal: null, stdout: '', stderr });
  expect(error).toMatchObject({ code, exitCode });
  expect(error.message).toContain(text);
  expect(error.hint).toContain(hint);
});

test('a Borg that was killed is said to have been', () => {
  const error = borgError('/r', 'create', { exitCode: null, signal: 'SIGKILL', stdout: '', stderr: '' });
  expect(error.message).toBe('borg create was ended by SIGKILL: it said nothing. Earlier archives are safe.');
});

test('a line that is no message of Borg is told as what it is', () => {
  const stderr = '{"type":"log_message","message":5,"levelname":[],"msgid":{}}\nnull\n[1]';
  const error = borgError('/r', 'list', { exitCode: 2, signal: null, stdout: '', stderr });
  expect(error).toMatchObject({ code: 'repository_failed' });
});

test.each(['', '{', 'null', '{"archives":[{"name":1}]}'])('a list that is none is told: %s', (json) => {
  expect(() => parseListing(json)).toThrow('What borg list answered cannot be understood. Earlier archives are safe.');
});
