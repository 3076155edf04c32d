import { PassThrough } from 'node:stream';
import { runAgentHere } from './agent-here.ts';
import { waitUntilShown, type TerminalSession } from './terminal.ts';

/** Runs `agent ARGS` in the process of the test, and on something like a terminal: what it asks and draws; its signals are for `runOnTerminal`. */
export function runOnTerminalHere(args: readonly string[]): TerminalSession {
  const stdin = new PassThrough();
  let isRaw = false;
  Object.assign(stdin, { isTTY: true, setRawMode: (raw: boolean) => (isRaw = raw) });
  let shown = '';
  const onShown = (text: string): void => void (shown += text);
  const agent = runAgentHere(args, { env: { TERM: 'xterm', FORCE_COLOR: '1' }, terminal: { stdin, onShown } });
  return {
    waitFor: (text, times) => waitUntilShown(() => shown, text, times),
    type(text) {
      if (text === '\u0003' && !isRaw) agent.kill('SIGINT');
      else stdin.write(text);
    },
    finished: agent.finished.then(({ exitCode }) => ({ exitCode, shown })),
  };
}
