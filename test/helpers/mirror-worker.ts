import { setImmediate as turn } from 'node:timers/promises';
import { Readable } from 'node:stream';
import { openMirror } from '../../src/tools/mirror/mirror.ts';

// A program, to be killed: stores the objects 0 to 39 again and again into the mirror that argv names, each time in another content of
// the same size. It prints `ROUND NAME` for each that the mirror has taken.

/** The content of an object in a round: of one size, in several pieces. */
export function contentOf(round: number, name: string): string {
  return `${round} ${name}`.padEnd(20_000, '.');
}

export const workerNames = Array.from({ length: 40 }, (_, index) => `d${index % 3}/${index}.txt`);

export function workerObject(round: number, name: string) {
  const size = Buffer.byteLength(contentOf(round, name));
  return { bucket: 'docs', name, version: `v${round}`, eTag: null, size, updatedAt: '2026-11-21T11:21:44Z', row: '{}' };
}

async function* piecesOf(text: string): AsyncGenerator<Buffer> {
  for (let offset = 0; offset < text.length; offset += 4000) {
    await turn();
    yield Buffer.from(text.slice(offset, offset + 4000));
  }
}

async function storeForever(directory: string): Promise<never> {
  const mirror = openMirror(directory);
  for (let round = 0; ; round++) {
    mirror.startInventory();
    mirror.addObjects(workerNames.map((name) => workerObject(round, name)));
    const objects = mirror.pending()[Symbol.iterator]();
    const work = async (): Promise<void> => {
      for (let next = objects.next(); next.done !== true; next = objects.next()) {
        await mirror.store(next.value, Readable.from(piecesOf(contentOf(round, next.value.name))));
        process.stdout.write(`${round} ${next.value.name}\n`);
      }
    };
    await Promise.all(Array.from({ length: 8 }, work));
  }
}

if (import.meta.main) await storeForever(process.argv[2]!);
