import { expect, test } from 'vitest';
import { Secret } from '../../../src/config/project-config.ts';
import { borgArguments, createArguments } from '../../../src/tools/borg/arguments.ts';
import { borgEnvironment } from '../../../src/tools/borg/environment.ts';

test('borg create: options, then the archive, then the paths in their order', () => {
  const request = { name: '.partial-x', directory: '/w', paths: ['b', 'a'], chunkerParams: 'buzhash,12,18,13,1023' };
  expect(createArguments(request)).toEqual([
    'create',
    '--log-json',
    '--lock-wait=30',
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
  expect(borgArguments('key export', [], ['::', '/f'])).toEqual(['key', 'export', '--log-json', '--lock-wait=30', '::', '/f']);
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
  const config = { location: '/r', passphrase: new Secret('canary'), remoteShell: 'ssh -i k', remotePath: undefined };
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
