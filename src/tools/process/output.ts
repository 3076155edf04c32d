import { StringDecoder } from 'node:string_decoder';
import type { Readable } from 'node:stream';
import { AppError } from '../../errors.ts';

/** Keeps the end of a text that may be long. */
export class TextTail {
  readonly #limit: number;
  #chunks: Buffer[] = [];
  #size = 0;

  constructor(limitBytes: number) {
    this.#limit = limitBytes;
  }

  add(chunk: Buffer): void {
    this.#chunks.push(chunk);
    this.#size += chunk.length;
    if (this.#size > 2 * this.#limit) {
      const whole = Buffer.concat(this.#chunks);
      const tail = whole.subarray(whole.length - this.#limit);
      this.#chunks = [tail];
      this.#size = tail.length;
    }
  }

  text(): string {
    return Buffer.concat(this.#chunks).toString('utf8').slice(-this.#limit);
  }
}

/** The catalog of a very large database is the longest text that is read as a whole. */
const longestText = 256 * 1024 * 1024;

/** All of a stream as text. Throws AppError tool_failed for one of more than 256 MiB, or another limit. */
export async function collectText(stream: Readable, limitBytes = longestText): Promise<string> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of stream as AsyncIterable<Buffer>) {
    chunks.push(chunk);
    bytes += chunk.length;
    if (bytes > limitBytes) throw tooLong(limitBytes);
  }
  return Buffer.concat(chunks).toString('utf8');
}

function tooLong(limitBytes: number): AppError {
  const size = `${Math.round(limitBytes / 1024 / 1024)} MiB`;
  return new AppError(
    'tool_failed',
    `A program has printed more than ${size}, where less was expected. Earlier backups are as they were.`,
    {
      hint: 'If that was an archive that was read, it is not one that the agent has made: `agent verify --all` tells which are good.',
    },
  );
}

/** A line that goes on for longer is told in pieces. */
const longestLine = 1024 * 1024;

/** Calls back for every line of a stream, the unfinished last one included; lines end with `\n` or `\r`. */
export function followLines(stream: Readable, onLine: (line: string) => void): void {
  const decoder = new StringDecoder('utf8');
  let rest = '';
  stream.on('data', (chunk: Buffer) => {
    const lines = (rest + decoder.write(chunk)).split(/[\r\n]/);
    rest = lines.pop()!;
    if (rest.length > longestLine) {
      lines.push(rest);
      rest = '';
    }
    for (const line of lines) if (line !== '') onLine(line);
  });
  stream.on('end', () => {
    if (rest !== '') onLine(rest);
  });
}
