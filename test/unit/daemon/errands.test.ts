import { expect, test } from 'vitest';
import type { Command, CommandResult } from '../../../src/context.ts';
import { createErrands } from '../../../src/daemon/errands.ts';

function errandsThat(finished: () => Promise<CommandResult>) {
  const commands: Command[] = [];
  const start = (command: Command) => {
    commands.push(command);
    return { pid: 7, stdout: undefined, finished: finished(), terminate: () => Promise.resolve() };
  };
  const lines: string[] = [];
  const errands = createErrands({
    commands: { start, run: () => expect.unreachable() },
    program: ['node', 'main.ts'],
    projectsDirectory: undefined,
    onLine: (project, line) => lines.push(`${project}: ${line}`),
  });
  return { errands, commands, lines };
}

const printing = (stdout: string) => () => Promise.resolve({ exitCode: 1, signal: null, stdout, stderr: '' });

test('they are commands of the agent itself, whose signals and lines go through it', async () => {
  const { errands, commands, lines } = errandsThat(printing('{"late":true,"reason":"it is 3 days old"}'));
  await errands.tellUnusable('shop');
  expect(await errands.checkLate('blog')).toBe('it is 3 days old');
  await errands.tellDied('shop', 'SIGKILL');
  await errands.tellDied('shop', '1');
  expect(commands.map(({ args }) => args.join(' '))).toEqual([
    'main.ts config validate --notify --project shop --json',
    'main.ts status --check --project blog --json',
    'main.ts notify-failure --project shop --json',
    'main.ts notify-failure --project shop --json',
  ]);
  expect(commands.slice(2).map(({ env }) => env)).toEqual([
    { MONITOR_EXIT_CODE: 'killed', MONITOR_EXIT_STATUS: 'SIGKILL' },
    { MONITOR_EXIT_CODE: 'exited', MONITOR_EXIT_STATUS: '1' },
  ]);
  expect(commands.every(({ ownSession }) => ownSession === true)).toBe(true);
  commands[1]!.onStderrLine!('odd');
  expect(lines).toEqual(['blog: odd']);
});

test.each([
  ['is in time', printing('{"late":false,"reason":"it is new"}')],
  ['cannot be judged', printing('{"status":"failed"')],
  ['cannot be asked about', () => Promise.reject(new Error('no node'))],
])('nothing is late that %s', async (_, finished) => {
  expect(await errandsThat(finished).errands.checkLate('shop')).toBeUndefined();
});
