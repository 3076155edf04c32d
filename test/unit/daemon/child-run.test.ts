import { readFile } from 'node:fs/promises';
import { expect, test } from 'vitest';
import type { Command, CommandRunner } from '../../../src/context.ts';
import { createRunStarter, judge } from '../../../src/daemon/child-run.ts';
import type { RunStep } from '../../../src/daemon/run.ts';
import { scheduledProject } from '../../helpers/fake-runs.ts';

const failure = (retryable?: boolean, code = 'source_unreachable'): string =>
  JSON.stringify({ status: 'failed', error: { code, message: 'nobody', hint: 'wait', retryable } });

test.each([
  [{ exitCode: 0, stdout: '{"status":"complete"}' }, false, { result: 'complete', retryable: false }],
  [{ exitCode: 3, stdout: '{"status":"incomplete"}' }, false, { result: 'incomplete', retryable: false }],
  [{ exitCode: 20, stdout: failure(true) }, false, { result: 'failed', retryable: true, errorCode: 'source_unreachable' }],
  [{ exitCode: 20, stdout: failure(false) }, false, { result: 'failed', retryable: false, message: 'nobody' }],
  [{ exitCode: 20, stdout: failure() }, false, { result: 'failed', retryable: false }],
  [{ exitCode: 0, stdout: '{"status":"skipped"}' }, false, { result: 'skipped' }],
  [{ exitCode: 11, stdout: failure(true, 'repository_locked') }, false, { result: 'failed', retryable: true }],
  [{ exitCode: 130, stdout: failure() }, false, { result: 'cancelled' }],
  [{ exitCode: null, signal: 'SIGKILL', stdout: '' }, true, { result: 'cancelled' }],
  [{ exitCode: null, signal: 'SIGKILL', stdout: '' }, false, { result: 'failed', retryable: true, diedOf: 'SIGKILL' }],
  [{ exitCode: 134, stdout: '{"half' }, false, { result: 'failed', retryable: true, diedOf: '134' }],
])('%j, cancelled: %s', (result, cancelled, outcome) => {
  expect(judge({ signal: null, ...result }, cancelled)).toMatchObject(outcome);
});

test('a run is a process of its own, with its stages in its log', async () => {
  const commands: Command[] = [];
  const ended: unknown[] = [];
  const runner: CommandRunner = {
    start(command) {
      commands.push(command);
      return {
        pid: 7,
        stdout: undefined,
        finished: Promise.resolve({ exitCode: 0, signal: null, stdout: '', stderr: '' }),
        terminate: async (signal) => void ended.push(signal),
      };
    },
    run: () => Promise.reject(new Error('not used')),
  };
  const [steps, lines]: [RunStep[], string[]] = [[], []];
  const starter = createRunStarter({
    commands: runner,
    program: ['node', '--option', '--', 'main.ts'],
    projectsDirectory: '/srv/projects',
    onLine: (project, line) => lines.push(`${project}: ${line}`),
  });
  const project = scheduledProject('shop', {});
  for (const kind of ['backup', 'database', 'verify', 'drill'] as const)
    starter.start(project, kind, (step) => steps.push(step));
  const common = [
    '--take-turns',
    '--project',
    'shop',
    '--projects-directory',
    '/srv/projects',
    '--json',
    '--log-level',
    'debug',
  ];
  expect(commands.map(({ file, args }) => [file, ...args].join(' '))).toEqual([
    `node --option -- main.ts backup ${common.join(' ')}`,
    `node --option -- main.ts backup --only database ${common.join(' ')}`,
    `node --option -- main.ts verify --data ${common.join(' ')}`,
    `node --option -- main.ts drill ${common.join(' ')}`,
  ]);
  // A person, and the end of the agent.
  for (const why of ['cancel', 'shutdown'] as const) await starter.start(project, 'backup', () => undefined).end(why);
  expect(ended).toEqual(['SIGINT', 'SIGTERM']);
  for (const line of ['{"stage":"snapshot"}', '{"progress":"Archiving, 5 MiB"}', 'Warning: {', '{"stage":1}', '{'])
    commands[0]!.onStderrLine!(line);
  expect(steps).toEqual([
    { stage: 'snapshot', progress: undefined },
    { stage: undefined, progress: 'Archiving, 5 MiB' },
  ]);
  expect(lines).toHaveLength(5);
});

test('Node has the same options as in the first line of main.ts', async () => {
  const [first] = (await readFile(new URL('../../../src/main.ts', import.meta.url), 'utf8')).split('\n');
  const run = await readFile(new URL('../../../src/cli/run.ts', import.meta.url), 'utf8');
  const options = first!.split(' node ')[1]!.split(' ');
  expect(run).toContain(`[${options.map((option) => `'${option}'`).join(', ')}]`);
});
