import type { Logger } from 'pino';
import type { Progress } from '../context.ts';
import { formatBytes, formatDuration } from './output.ts';

const redrawMs = 100;

export const silentProgress: Progress = { step: () => undefined, bytes: () => undefined, end: () => undefined };

/** One line on a terminal that is drawn anew: the step, bytes, rate and time. */
export function createTerminalProgress(stream: NodeJS.WriteStream): Progress {
  let step = '';
  let stepStartedMs = 0;
  let drawnMs = 0;
  let shown = false;
  const draw = (details: string): void => {
    const line = `${step}${details}`.slice(0, Math.max(20, (stream.columns || 80) - 1));
    stream.write(`\r\u001B[2K${line}`);
    shown = true;
    drawnMs = performance.now();
  };
  let stepStartBytes: number | undefined;
  return {
    step(text) {
      step = text;
      stepStartedMs = performance.now();
      stepStartBytes = undefined;
      draw('');
    },
    bytes(done, total) {
      const nowMs = performance.now();
      stepStartBytes ??= done;
      if (nowMs - drawnMs < redrawMs) return;
      const elapsedMs = nowMs - stepStartedMs;
      const rate = elapsedMs < 500 ? '' : `  ${formatBytes(((done - stepStartBytes) / elapsedMs) * 1000)}/s`;
      const share =
        total === undefined || total === 0 ? '' : ` of ${formatBytes(total)} (${Math.floor((100 * done) / total)} %)`;
      draw(`  ${formatBytes(done)}${share}${rate}  ${formatDuration(elapsedMs)}`);
    },
    end() {
      if (shown) stream.write('\r\u001B[2K');
      shown = false;
    },
  };
}

const logAgainMs = 10_000;

/** For whoever reads the log of a run that has no terminal, as the long-running agent does: a line of level debug now and then. */
export function createLogProgress(log: Pick<Logger, 'debug'>, monotonicMs: () => number): Progress {
  let step = '';
  let loggedMs = -Infinity;
  const say = (details: string): void => {
    if (monotonicMs() - loggedMs < logAgainMs) return;
    log.debug({ progress: `${step}${details}` }, 'progress');
    loggedMs = monotonicMs();
  };
  return {
    step(text) {
      step = text;
      say('');
    },
    bytes(done, total) {
      const of = total === undefined || total === 0 ? '' : ` of ${formatBytes(total)}`;
      say(`, ${formatBytes(done)}${of}`);
    },
    end: () => undefined,
  };
}
