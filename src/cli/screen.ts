import { styleText } from 'node:util';

export type Colour = 'green' | 'yellow' | 'red';

/** Standard output, where more than lines may be written to it. */
export interface Screen {
  /** Whether what stands there can be replaced: a terminal that is not dumb. */
  readonly canDraw: boolean;
  /** How many characters fit into a line, and how many lines: now, and after a change of its size. */
  size(): { readonly columns: number; readonly rows: number };
  /** Coloured on a terminal, and as NO_COLOR, FORCE_COLOR and TERM=dumb have it. */
  paint(colour: Colour, text: string): string;
  write(text: string): void;
  /** Calls back when the size has changed, until the answer is called. */
  onResize(listener: () => void): () => void;
  /** Calls back when nobody reads any more: the terminal, or the next program of a pipe, is gone. */
  onGone(listener: () => void): () => void;
}

/** `terminalType` is TERM. */
export function createScreen(stream: NodeJS.WriteStream, terminalType: string | undefined): Screen {
  const listen = (event: 'resize' | 'error', listener: () => void): (() => void) => {
    stream.on(event, listener);
    return () => void stream.off(event, listener);
  };
  return {
    canDraw: stream.isTTY && terminalType !== 'dumb',
    size: () => ({ columns: stream.columns || 80, rows: stream.rows || 24 }),
    paint: (colour, text) => styleText(colour, text, { stream }),
    write: (text) => void stream.write(text),
    onResize: (listener) => listen('resize', listener),
    onGone: (listener) => listen('error', listener),
  };
}
