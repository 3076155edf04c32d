import { setImmediate as turn } from 'node:timers/promises';
import { composeLog } from '../../src/compose-log.ts';

// A program that logs as the agent does, into the file that argv names: numbered lines, until its standard input ends. Then it prints
// how many.

const [, , file, stateDirectory] = process.argv;
const ended = new AbortController();
process.stdin.once('end', () => ended.abort()).resume();

const { log, close } = composeLog({
  config: { project: 'shop', stateDirectory: stateDirectory!, logs: { file, format: 'json' } },
  level: 'silent',
  environment: {},
  commands: { start: () => Promise.reject(new Error('nothing is started')) as never, run: () => Promise.reject(new Error()) },
  stderr: process.stderr,
  warn: (text) => process.stderr.write(text),
});
let count = 0;
for (; !ended.signal.aborted; count += 1) {
  log.info({ count }, 'a line');
  await turn();
}
await close();
process.stdout.write(String(count));
