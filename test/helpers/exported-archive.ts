import { createHash } from 'node:crypto';
import { Readable } from 'node:stream';
import { pack, type Header } from 'tar-stream';
import type { RunContext } from '../../src/context.ts';
import { objectPath } from '../../src/domain/storage/object-path.ts';

/** A file of an archive. */
export type Entry = Partial<Header> & { readonly name: string } & { readonly text?: string };

const result = { exitCode: 0, signal: null, stdout: '', stderr: '' };

/** A context whose Borg exports these entries, in this order. */
export function contextOf(entries: readonly Entry[], files?: Partial<RunContext['files']>): RunContext {
  const tar = pack();
  for (const { text, ...header } of entries) tar.entry(header, text ?? '');
  tar.finalize();
  const stdout = Readable.from(tar as AsyncIterable<Buffer>);
  const startExport = () => ({ stdout, finished: Promise.resolve(result), terminate: () => Promise.resolve() });
  const repository = { startExport, assertRead: () => undefined };
  return { signal: new AbortController().signal, repository, files } as unknown as RunContext;
}

/** A line of the sidecar of bucket docs. */
export function lineOf(name: string, path = objectPath('docs', name), text = name): string {
  const sha256 = createHash('sha256').update(text).digest('hex');
  return `${JSON.stringify({ name, path, size: Buffer.byteLength(text), sha256, object: {} })}\n`;
}

export function sidecar(...lines: readonly string[]): Entry {
  return { name: 'storage/docs/objects.jsonl', text: lines.join('') };
}
