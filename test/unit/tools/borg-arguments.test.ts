import { expect, test } from 'vitest';
import { Secret } from '../../../src/config/project-config.ts';
import { borgArguments, commonArguments, createArguments } from '../../../src/tools/borg/arguments.ts';
import { borgEnvironment } from '../../../src/tools/borg/environment.ts';

test('borg create: options, then the archive, then the paths in their order', () => {
  const request = { name: '.partial-x', directory: '/w', paths: ['b', 'a'], chunkerParams: 'buzhash,12,18,13,1023' };
  expect(createArguments(request)).toEqual([
    'create',
    '--json',
    '--progress',
    '--read-special',
    '--files-cache=disabled',
    '--compression=zstd,1',
    '--chunker-params=buzhash,12,18,13,1023',
    '::.partial-x',
    'b',
    'a',
  ]);
});

test('a verb of two words comes first', () => {
  expect(borgArguments('key export', ['--paper'], ['::', '/f'])).toEqual(['key', 'export', '--paper', '::', '/f']);
});

test('Borg waits for a lock in whole seconds', () => {
  expect(commonArguments(30_000)).toEqual(['--log-json', '--lock-wait=30']);
  expect(commonArguments(0)).toEqual(['--log-json', '--lock-wait=0']);
});

test("Borg's environment holds no secret and no other repository, whatever is inherited", () => {
  const inherited = {
    BORG_PASSPHRASE: 'x',
    BORG_PASSCOMMAND: 'x',
    BORG_REPO: '/other',
    BORG_KEY_FILE: '/k',
    BORG_RELOCATED_REPO_ACCESS_IS_OK: 'yes',
    HOME: '/h',
  };
  const config = {
    location: '/r',
    passphrase: new Secret('canary'),
    remoteShell: 'ssh -i k',
    remotePath: undefined,
    lockWaitMs: 0,
  };
  const environment = borgEnvironment(config, '/state', inherited);
  expect(environment).toEqual({
    BORG_BASE_DIR: '/state/borg',
    BORG_HOST_ID: expect.stringMatching(/^.+@[0-9a-f]{16}$/) as string,
    BORG_RELOCATED_REPO_ACCESS_IS_OK: 'yes',
    BORG_REPO: '/r',
    BORG_PASSPHRASE_FD: '3',
    BORG_EXIT_CODES: 'legacy',
    BORG_RSH: 'ssh -i k',
  });
});
