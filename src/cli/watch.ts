import type { Clock } from '../context.ts';
import { formatTime, type Output } from './output.ts';
import type { Screen } from './screen.ts';

export interface WatchSurroundings {
  readonly clock: Pick<Clock, 'now' | 'sleep'>;
  readonly screen: Screen;
  readonly output: Output;
  /** Aborted by Ctrl-C. */
  readonly signal: AbortSignal;
}

export interface Frame {
  readonly document: object;
  /** For people; where columns are given, no line is longer. */
  text(columns: number | undefined): string;
}

/**
 * Shows the same thing again and again until somebody has seen enough: in place on a terminal, elsewhere whenever it reads differently, with
 * --json each time, a document a line. Ends well at Ctrl-C, or when nobody reads any more; throws what `take` throws.
 */
export async function watch(
  { clock, screen, output, signal }: WatchSurroundings,
  intervalMs: number,
  take: () => Promise<Frame>,
): Promise<void> {
  const gone = new AbortController();
  const end = AbortSignal.any([signal, gone.signal]);
  const picture = screen.canDraw && !output.json ? openPicture(screen) : undefined;
  const show = picture?.show ?? createPrinter(output);
  const stopListening = screen.onGone(() => gone.abort());
  const close = (): void => picture?.close();
  // At once: a second Ctrl-C does not wait for the end of what is being read.
  end.addEventListener('abort', close);
  try {
    while (!end.aborted) {
      const frame = await untilAborted(take(), end);
      if (frame !== undefined) show(frame, `${formatTime(clock.now())}, every ${intervalMs / 1000} s. Ctrl-C ends.`);
      await untilAborted(clock.sleep(intervalMs, end), end);
    }
  } finally {
    end.removeEventListener('abort', close);
    stopListening();
    close();
  }
}

/** Undefined as soon as it is to end; what is still going on then may come to its end unheard. */
async function untilAborted<Result>(work: Promise<Result>, end: AbortSignal): Promise<Result | undefined> {
  const { promise, resolve } = Promise.withResolvers<undefined>();
  const stop = (): void => resolve(undefined);
  end.addEventListener('abort', stop);
  try {
    if (end.aborted) stop();
    return await Promise.race([promise, work]);
  } catch (error) {
    if (end.aborted) return undefined;
    throw error;
  } finally {
    end.removeEventListener('abort', stop);
  }
}

/** Prints what reads differently than before; as JSON everything, so that whoever reads it knows that it still comes. */
function createPrinter(output: Output): (frame: Frame) => void {
  let printed: string | undefined;
  return (frame) => {
    const text = output.json ? '' : frame.text(undefined);
    if (output.json || text !== printed) output.result(frame.document, () => (printed === undefined ? text : `\n${text}`));
    printed = text;
  };
}

interface Picture {
  show(frame: Frame, caption: string): void;
  /** Gives the cursor back, below what was drawn last. May be called twice. */
  close(): void;
}

const hideCursor = '\u001B[?25l';
const showCursor = '\u001B[?25h';
const clearScreen = '\u001B[2J';
const toTop = '\u001B[H';
const clearRestOfLine = '\u001B[K';
const clearBelow = '\u001B[J';

/** Draws over what stands there, in one piece and without clearing first, so that nothing flickers. */
function openPicture(screen: Screen): Picture {
  let last: { readonly frame: Frame; readonly caption: string } | undefined;
  let isOpen = true;
  const draw = (): void => {
    if (last === undefined || !isOpen) return;
    const { columns, rows } = screen.size();
    // In the last column the cursor would stand on what it has just written, which is then cleared.
    const room = columns - 1;
    const lines = [...last.frame.text(room).split('\n'), '', last.caption.slice(0, room)];
    // The last line stays free: there the cursor is.
    const more = `${lines.length - rows + 2} lines more`.slice(0, room);
    const shown = lines.length < rows ? lines : [...lines.slice(0, rows - 2), more];
    screen.write(`${toTop}${shown.map((line) => `${line}${clearRestOfLine}\r\n`).join('')}${clearBelow}`);
  };
  const stopListening = screen.onResize(draw);
  screen.write(`${hideCursor}${clearScreen}`);
  return {
    show(frame, caption) {
      last = { frame, caption };
      draw();
    },
    close() {
      if (isOpen) screen.write(showCursor);
      isOpen = false;
      stopListening();
    },
  };
}
