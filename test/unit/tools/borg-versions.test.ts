import { expect, test } from 'vitest';
import { Secret } from '../../../src/config/project-config.ts';
import type { CommandResult } from '../../../src/context.ts';
import { createRepository } from '../../../src/tools/borg/repository.ts';
import { renamesAuthentically } from '../../../src/tools/borg/versions.ts';

test.each([
  ['1.1.17', false],
  ['1.2.4', false],
  ['1.2.5', false],
  ['1.2.6', true],
  ['1.2.8', true],
  ['1.4.0', true],
  ['1.4.1rc1', true],
  ['2.0.0b14', true],
  ['unknown', false],
])('Borg %s: %s', (version, authentic) => {
  expect(renamesAuthentically(version)).toBe(authentic);
});

test('a Borg that was killed before it told its version is asked again, and nothing is made up', async () => {
  const killed = { exitCode: null, signal: 'SIGKILL', stdout: '', stderr: '' };
  const answers: CommandResult[] = [killed, { exitCode: 0, signal: null, stdout: 'borg 1.4.1\n', stderr: '' }];
  const repository = createRepository({
    config: {
      location: '/repository',
      passphrase: new Secret('x'),
      lockWaitMs: 0,
      remoteShell: undefined,
      remotePath: undefined,
    },
    commands: { run: () => Promise.resolve(answers.shift()!), start: () => expect.unreachable() },
    environment: {},
    progress: { step: () => undefined, bytes: () => undefined, end: () => undefined },
  });
  await expect(repository.version()).rejects.toMatchObject({ code: 'repository_failed' });
  expect(await repository.version()).toBe('1.4.1');
  expect(await repository.version()).toBe('1.4.1');
});
