import { createHash, randomUUID } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { mkdir, mkdtemp, rename, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';

/** One content of one object. */
export interface Content {
  readonly bucket: string;
  readonly name: string;
  /** Of the row; null and '' are what rows of before 2023 have. */
  readonly version: string | null;
}

/** Where the bytes of a server lie: files, and rules for seeded objects, whose bytes are made when somebody asks. */
export interface ByteStore {
  /** An empty place for bytes that arrive. */
  temporaryPath(): string;
  /** Moves a temporary file to its content. */
  keep(temporaryPath: string, content: Content): Promise<void>;
  /** Bytes, or undefined when there are none for it. `rowSize` is what the row says: the size of made-up bytes. */
  size(content: Content, rowSize: number): Promise<number | undefined>;
  /** The bytes from `start` to `end` inclusive. */
  read(content: Content, rowSize: number, range: { readonly start: number; readonly end: number }): Readable;
  /** Removes a content. Over files, a null or empty version takes every version of the object with it, as it does in the service. */
  remove(content: Content): Promise<void>;
  /** From now on this content has the made-up bytes of `generateBytes`. */
  generate(covers: (content: Content) => boolean): void;
  close(): Promise<void>;
}

export async function openByteStore(backend: 'file' | 's3'): Promise<ByteStore> {
  const directory = await mkdtemp(join(tmpdir(), 'agent-storage-'));
  const rules: ((content: Content) => boolean)[] = [];
  const removed = new Set<string>();
  const objectDirectory = ({ bucket, name }: Content) => {
    const hash = createHash('sha256').update(`${bucket}/${name}`).digest('hex');
    return join(directory, hash.slice(0, 2), hash);
  };
  const path = (content: Content) => join(objectDirectory(content), createVersionName(content.version));
  const isGenerated = (content: Content) => rules.some((covers) => covers(content)) && !removed.has(identify(content));
  const fileSize = (content: Content) =>
    stat(path(content)).then(
      ({ size }) => size,
      () => undefined,
    );
  return {
    temporaryPath: () => join(directory, `arriving-${randomUUID()}`),
    async keep(temporaryPath, content) {
      await mkdir(objectDirectory(content), { recursive: true });
      await rename(temporaryPath, path(content));
    },
    size: async (content, rowSize) => (isGenerated(content) ? rowSize : await fileSize(content)),
    read(content, rowSize, { start, end }) {
      if (isGenerated(content)) return Readable.from(generateBytes(content, { start, end: Math.min(end, rowSize - 1) }));
      return createReadStream(path(content), { start, end });
    },
    async remove(content) {
      if (isGenerated(content)) removed.add(identify(content));
      const takesAll = backend === 'file' && (content.version === null || content.version === '');
      await rm(takesAll ? objectDirectory(content) : path(content), { recursive: true, force: true });
    },
    generate(covers) {
      rules.push(covers);
    },
    close: () => rm(directory, { recursive: true, force: true }),
  };
}

const identify = ({ bucket, name, version }: Content) => `${bucket}/${name}/${version}`;

/** A version may be any text. */
const createVersionName = (version: string | null) => createHash('sha256').update(String(version)).digest('hex');

const pieceBytes = 65_536;

/** The bytes of a seeded object: the MD5 of its name as text, over and over, as SQL makes them for the ETag. */
function* generateBytes({ bucket, name }: Content, { start, end }: { start: number; end: number }): Generator<Buffer> {
  const pattern = Buffer.alloc(pieceBytes, createHash('md5').update(`${bucket}/${name}`).digest('hex'));
  for (let position = start; position <= end;) {
    const from = position % pieceBytes;
    const piece = pattern.subarray(from, Math.min(pieceBytes, from + end - position + 1));
    yield piece;
    position += piece.length;
  }
}
