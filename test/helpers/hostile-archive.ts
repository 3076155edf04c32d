import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createWriteStream } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { execa } from 'execa';
import { extract, pack, type Header } from 'tar-stream';
import { pick } from './random.ts';
import type { TestRepository } from './borg.ts';
import { mutateBytes, mutateJson, type Mutation } from './mutations.ts';
import { createTemporaryDirectory } from './temporary-directory.ts';

export interface TarEntry {
  readonly header: Partial<Header> & { readonly name: string };
  readonly bytes: Buffer;
}

/** All that an archive holds, in its order. */
export async function exportEntries(repository: TestRepository, archive: string): Promise<TarEntry[]> {
  const borg = spawn('borg', ['export-tar', `::${archive}`, '-'], {
    env: repository.environment,
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  const entries: TarEntry[] = [];
  for await (const entry of borg.stdout.pipe(extract())) {
    const chunks: Buffer[] = [];
    for await (const chunk of entry as AsyncIterable<Buffer>) chunks.push(chunk);
    const { name, type } = entry.header;
    entries.push({ header: { name, type }, bytes: Buffer.concat(chunks) });
  }
  if (borg.exitCode === null) await once(borg, 'exit');
  return entries;
}

/** What stands in a name in the place of bytes that are no UTF-8. */
const invalidBytes = 'QQ-bytes-QQ';

/** Makes an archive of whatever entries, also such as no file system has. */
export async function importEntries(repository: TestRepository, archive: string, entries: readonly TarEntry[]): Promise<void> {
  const path = join(await createTemporaryDirectory(), 'archive.tar');
  const tar = pack();
  const written = pipeline(tar, createWriteStream(path));
  for (const { header, bytes } of entries) {
    const hasBytes = header.type === 'file' || header.type === 'contiguous-file';
    tar.entry({ mode: 0o600, ...header }, hasBytes ? bytes : '');
  }
  tar.finalize();
  await written;
  await spoilNames(path);
  await execa('borg', ['import-tar', `::${archive}`, path], { env: repository.environment, extendEnv: false });
}

/** A tar of this library has its names in UTF-8: here they get other bytes, and their heads a new checksum. */
async function spoilNames(path: string): Promise<void> {
  const bytes = await readFile(path);
  const marker = Buffer.from(invalidBytes);
  for (let at = bytes.indexOf(marker); at >= 0; at = bytes.indexOf(marker, at + 1)) {
    bytes.fill(0xff, at, at + marker.length);
    const head = bytes.subarray(at - (at % 512), at - (at % 512) + 512);
    head.fill(' ', 148, 156);
    const sum = head.reduce((total, byte) => total + byte, 0);
    head.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148, 'latin1');
  }
  await writeFile(path, bytes);
}

/** Names that lead away, break lines or terminals, or are too long. `canary` is a directory that nobody may touch. */
function hostileNames(canary: string): readonly string[] {
  const up = '../'.repeat(12);
  return [
    `storage/docs/objects/${up}${canary.slice(1)}/made.txt`,
    `storage/docs/../../${up}${canary.slice(1)}/made.txt`,
    `${canary}/made.txt`,
    'storage/docs/objects/line\nfeed.txt',
    'storage/docs/objects/\u001b[2J\u001b]0;title\u0007.txt',
    'storage/docs/objects/\u202egnp.txt',
    `storage/docs/objects/${invalidBytes}.txt`,
    `storage/docs/objects/${'long/'.repeat(800)}end.txt`,
    `storage/docs/objects/${'x'.repeat(4096)}.txt`,
    'storage/docs/objects.jsonl',
    'storage/docs/objects',
    'database/full.dump',
    'manifest.json',
    '-rf',
    '.partial-x',
  ];
}

/** Numbers from 0 to 1, one after the other. */
type Random = () => number;

/** One to three things that are wrong with an archive; the last says what. */
export function makeHostile(
  entries: readonly TarEntry[],
  { random, canary }: { readonly random: Random; readonly canary: string },
): { readonly entries: readonly TarEntry[]; readonly what: string } {
  const changed = [...entries];
  const told: string[] = [];
  const mutation = (): Mutation => ({
    at: Math.floor(random() * 1e6),
    how: Math.floor(random() * 1e6),
    what: Math.floor(random() * 1e6),
  });
  for (let count = 0; count < 1 + Math.floor(random() * 3); count += 1) {
    const at = Math.floor(random() * changed.length);
    const { header, bytes } = changed[at]!;
    const type = pick(random, [
      'symlink',
      'link',
      'fifo',
      'character-device',
      'block-device',
      'directory',
      'contiguous-file',
    ] as const);
    const linkname = pick(random, [
      '/etc/passwd',
      canary,
      `${canary}/kept.txt`,
      `${'../'.repeat(12)}etc/passwd`,
      '.',
      'manifest.json',
    ]);
    const link = type === 'symlink' || type === 'link' ? { linkname } : {};
    const name = pick(random, hostileNames(canary));
    const how = pick(random, [
      'type',
      'name',
      'added',
      'link before',
      'json',
      'json',
      'json',
      'bytes',
      'bytes',
      'gone',
      'twice',
    ] as const);
    told.push(
      `${how} (${how === 'type' || how === 'link before' ? type : JSON.stringify(how === 'json' || how === 'bytes' ? header.name : name)})`,
    );
    if (how === 'type') changed[at] = { header: { ...header, type, ...link }, bytes };
    else if (how === 'name') changed[at] = { header: { ...header, name }, bytes };
    else if (how === 'added') changed.splice(at, 0, { header: { name, type: 'file' }, bytes: Buffer.from('hostile') });
    else if (how === 'link before')
      changed.splice(0, 0, {
        header: {
          name: pick(random, ['storage', 'storage/docs', 'storage/docs/objects', 'database']),
          type: 'symlink',
          linkname: canary,
        },
        bytes: Buffer.alloc(0),
      });
    else if (how === 'json') changed[at] = { header, bytes: mutateDocument(bytes, mutation()) };
    else if (how === 'bytes') changed[at] = { header, bytes: mutateBytes(bytes, [mutation()]) };
    else if (how === 'gone') changed.splice(at, 1);
    else changed.splice(at, 0, changed[at]!);
    if (changed.length === 0) return { entries, what: told.join(', ') };
  }
  return { entries: changed, what: told.join(', ') };
}

/** Of a file with a document on each line one line; of what is no JSON some bytes. */
function mutateDocument(bytes: Buffer, mutation: Mutation): Buffer {
  const whole = tryParse(bytes.toString());
  if (whole !== undefined) return Buffer.from(toText(mutateJson(whole, [mutation])));
  const lines = bytes.toString().split('\n');
  const index = mutation.what % lines.length;
  const line = tryParse(lines[index]!);
  if (line === undefined) return mutateBytes(bytes, [mutation]);
  lines[index] = toText(mutateJson(line, [mutation]));
  return Buffer.from(lines.join('\n'));
}

/** Of what was taken away as a whole nothing is left. */
function toText(document: unknown): string {
  return document === undefined ? '' : JSON.stringify(document);
}

function tryParse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
