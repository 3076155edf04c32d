import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Secret } from '../../../../src/config/project-config.ts';
import { expect, test } from 'vitest';
import type { CommandRunner } from '../../../../src/context.ts';
import { createLogger } from '../../../../src/log.ts';
import { createJournalEvents } from '../../../../src/tools/log/journal-events.ts';
import { openLogFile } from '../../../../src/tools/log/log-file.ts';
import { createJournalSink, createStderrSink } from '../../../../src/tools/log/stderr-sink.ts';
import { messageIds } from '../../../../src/domain/run-event.ts';
import { createCommandRunner } from '../../../../src/tools/process/run-command.ts';
import { createTemporaryDirectory } from '../../../helpers/temporary-directory.ts';

test('stderr has how a run ended only where lines of level info are wanted: it is said there in words', () => {
  for (const [level, count] of [
    ['warn', 1],
    ['info', 3],
  ] as const) {
    const texts: string[] = [];
    const log = createLogger([createStderrSink({ level, format: 'pretty', write: (text) => texts.push(text) })]);
    log.info('told');
    log.warn({ key: new Secret('hidden') }, 'odd');
    log.error({ event: 'failure' }, 'failed');
    expect(texts).toHaveLength(count);
    expect(texts.join('')).toMatch(/ WARN  odd key=\*\*\*\n/);
  }
});

/** What a sink for the journal writes, and what it hands to logger, which is a program of the test's own. */
async function journalOf(script: string): Promise<{ texts: string[]; sent: () => Promise<string> }> {
  const directory = await createTemporaryDirectory();
  await writeFile(join(directory, 'logger'), `#!/bin/sh\n${script}`, { mode: 0o755 });
  const environment = { PATH: `${directory}:/usr/bin:/bin`, OUT: join(directory, 'out') };
  const commands: CommandRunner = createCommandRunner({ environment, signal: AbortSignal.abort() });
  const texts: string[] = [];
  const events = createJournalEvents(commands, 77);
  const write = (text: string): void => void texts.push(text);
  const log = createLogger([createJournalSink({ level: 'info', format: 'pretty', write, sendEvent: events.send })]);
  log.child({ project: 'shop', runId: 'r1' }).warn({ event: 'incomplete', stage: 'run' }, 'backup is\nincomplete');
  log.error('a line');
  await events.close();
  return { texts, sent: () => readFile(environment.OUT, 'utf8') };
}

test('the journal gets priorities, and the events of a run as entries with fields', async () => {
  const fields = [
    'MESSAGE=shop: backup is\\u000aincomplete',
    'PRIORITY=4',
    `MESSAGE_ID=${messageIds.incomplete}`,
    'SYSLOG_IDENTIFIER=supabase-backup',
    'AGENT_PROJECT=shop',
    'AGENT_RUN_ID=r1',
    'OBJECT_PID=77',
  ];
  const { texts, sent } = await journalOf('echo "$*" >"$OUT"; cat >>"$OUT"');
  expect(texts).toEqual(['<4>shop: backup is\\u000aincomplete\n', '<3>a line\n']);
  expect(await sent()).toBe(`--journald\n${fields.join('\n')}\n`);
});

test('a logger that is broken stands in no way', async () => {
  expect((await journalOf('exit 1')).texts).toEqual(['<4>shop: backup is\\u000aincomplete\n', '<3>a line\n']);
});

test('a log file that cannot be written is told of once', async () => {
  const directory = await createTemporaryDirectory();
  await writeFile(join(directory, 'file'), '');
  for (const path of [directory, join(directory, 'file', 'agent.log'), '/proc/nowhere/agent.log']) {
    const problems: string[] = [];
    const file = openLogFile(path, (text) => problems.push(text));
    file.write('line\n');
    file.reopen();
    file.close();
    expect(problems).toEqual([expect.stringContaining(`the log file ${path} cannot be written`)]);
  }
  const problems: string[] = [];
  const full = openLogFile('/dev/full', (text) => problems.push(text));
  for (let count = 0; count < 3; count += 1) full.write('line\n');
  full.close();
  expect(problems).toEqual([expect.stringContaining('ENOSPC')]);
});
