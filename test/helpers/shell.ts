import { silentProgress } from '../../src/cli/progress.ts';
import type { Shell } from '../../src/cli/shell.ts';

/** The outside world of a command that nobody looks at, in an empty environment. What it says is dropped. */
export function createTestShell(changes: Partial<Shell> = {}): Shell {
  return {
    environment: {},
    workingDirectory: '/',
    homeDirectory: '/nonexistent',
    isRoot: false,
    program: ['/nonexistent'],
    attended: false,
    signal: new AbortController().signal,
    output: { json: false, result: () => undefined, note: () => undefined, failure: () => undefined },
    stderr: process.stderr,
    screen: {
      canDraw: false,
      size: () => ({ columns: 80, rows: 24 }),
      paint: (_, text) => text,
      write: () => undefined,
      onResize: () => () => undefined,
      onGone: () => () => undefined,
    },
    progress: silentProgress,
    openBinaryOutput: () => undefined,
    readStandardInput: () => Promise.resolve(''),
    askPassword: undefined,
    ask: undefined,
    onHangup: () => undefined,
    exitWith: () => undefined,
    ...changes,
  };
}
