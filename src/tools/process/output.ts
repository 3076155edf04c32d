import { StringDecoder } from 'node:string_decoder';
import type { Readable } from 'node:stream';

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

/** All of a stream as text. For outputs of a bounded size only. */
export async function collectText(stream: Readable): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of stream) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString('utf8');
}

/** Calls back for every line of a stream, the unfinished last one included; lines end with `\n` or `\r`. */
export function followLines(stream: Readable, onLine: (line: string) => void): void {
  const decoder = new StringDecoder('utf8');
  let rest = '';
  stream.on('data', (chunk: Buffer) => {
    const lines = (rest + decoder.write(chunk)).split(/[\r\n]/);
    rest = lines.pop()!;
    for (const line of lines) if (line !== '') onLine(line);
  });
  stream.on('end', () => {
    if (rest !== '') onLine(rest);
  });
}
