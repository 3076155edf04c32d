import { Readable } from 'node:stream';
import fc from 'fast-check';
import { afterEach, expect, test } from 'vitest';
import { readCatalog } from '../../src/archive/catalog.ts';
import { readArchivedCatalog, readDumpHead } from '../../src/archive/contents.ts';
import { readObjectLines } from '../../src/archive/read-sidecar.ts';
import { readAnyManifest } from '../../src/archive/verify.ts';
import type { Repository, RunContext } from '../../src/context.ts';
import { indexCatalog, recordsOf } from '../../src/domain/catalog-index.ts';
import { recordSchemas } from '../../src/domain/catalog.ts';
import { formatDumpHead } from '../../src/domain/dump-head.ts';
import { parseObjectRow, settingsOfRow } from '../../src/domain/storage/rows.ts';
import { parseBucketSidecar } from '../../src/domain/storage/sidecar.ts';
import { parseToc } from '../../src/domain/toc.ts';
import { expectHandled } from '../helpers/bad-input.ts';
import { fullCatalog, fullManifest, fullStorageManifest } from '../helpers/documents.ts';
import { define } from '../helpers/dump-entries.ts';
import { lineOf } from '../helpers/exported-archive.ts';
import { faultRounds, faultSeed } from '../helpers/faults.ts';
import { mutateBytes, mutateJsonText, mutations } from '../helpers/mutations.ts';
import { createMemoryState, createRetainedRepository, createRetentionContext } from '../helpers/retained-repository.ts';

const group = 'bad-archives';
const rounds = faultRounds(150, 5000);
const timeout = faultRounds(300_000, 600_000);
const seeded = `${rounds} rounds, seed ${faultSeed}`;
const archive = 'shop-20261121T020000Z-database';

const states: RunContext['state'][] = [];
afterEach(() => states.splice(0).forEach((state) => state.close()));

/** A context whose Borg answers for every file with these bytes. */
function contextThatReads(bytes: Buffer): RunContext {
  const result = { exitCode: 0, signal: null, stdout: '', stderr: '' };
  const repository = {
    readText: async () => bytes.toString(),
    startRead: () => ({
      pid: 1,
      stdout: Readable.from([bytes]),
      finished: Promise.resolve(result),
      terminate: async () => undefined,
    }),
    assertRead: () => undefined,
  } satisfies Partial<Repository>;
  return { repository, signal: new AbortController().signal } as unknown as RunContext;
}

test(`manifests (${seeded})`, { timeout }, async () => {
  const { archives, repository } = createRetainedRepository();
  const state = createMemoryState();
  states.push(state);
  const rules = { days: 1, minimumBackups: 1, daily: 0, weekly: 0, monthly: 0 };
  const context = createRetentionContext({
    project: 'shop',
    hostname: 'here',
    repository,
    rules: () => rules,
    state: () => state,
    now: () => new Date(),
  });
  let count = 0;
  await expectHandled({
    group,
    fault: 'manifests of databases and of Storage, nodes and bytes of them changed',
    rounds,
    inputs: fc.tuple(fc.constantFrom(fullManifest, fullStorageManifest), mutations),
    async read([manifest, changes]) {
      const text = mutateJsonText(manifest, changes).toString();
      count += 1;
      archives.set(archive, { name: archive, id: String(count), hostname: 'here', manifest: text });
      const found = await readCatalog(context);
      expect(found.archives).toMatchObject([{ name: archive }]);
      await readAnyManifest(context, archive);
    },
  });
});

test(`catalogs (${seeded})`, { timeout }, async () => {
  await expectHandled({
    group,
    fault: 'catalogs with a record of every class, nodes and bytes of them changed',
    rounds,
    inputs: fc.array(mutations, { minLength: fullCatalog.length, maxLength: fullCatalog.length }).chain((all) =>
      fc.subarray(
        all.map((changes, index) => ({ changes, index })),
        { minLength: 1, maxLength: 2 },
      ),
    ),
    async read(changed) {
      const lines = fullCatalog.map((record, index) => {
        const changes = changed.find((one) => one.index === index)?.changes ?? [];
        return mutateJsonText(record, changes).toString();
      });
      const records = await readArchivedCatalog(contextThatReads(Buffer.from(lines.join('\n'))), archive);
      // Whoever works with it later may rely on the shape of what it knows.
      const index = indexCatalog(records!);
      for (const [name, schema] of Object.entries(recordSchemas)) recordsOf(index, name, schema);
    },
  });
});

const preamble = Buffer.concat([
  Buffer.from('PGDMP'),
  Buffer.from([1, 14, 0, 4, 8, 1]),
  Buffer.alloc(8 * 5),
  Buffer.alloc(3 * 5),
]);
const head = formatDumpHead({
  preamble,
  format: { minor: 14, integerSize: 4, offsetSize: 8 },
  entries: [
    define('SCHEMA', 'app', { schema: null }),
    define('TABLE', 'public.plain', { oid: '16385', catalogOid: '1259' }),
    define('TABLE DATA', 'public.plain', { oid: '16385', hasData: true, offset: Buffer.alloc(9) }),
    define('BLOBS', 'BLOBS', { schema: null, offset: Buffer.alloc(9) }),
  ].map((entry) => ({ ...entry, offset: Buffer.alloc(9) })),
});

test(`dumps (${seeded})`, { timeout }, async () => {
  const manifest = { ...fullManifest, tables: fullManifest.tables.slice(0, 1), largeObjects: { count: 0 } };
  await expect(readDumpHead(contextThatReads(head), archive, manifest)).resolves.toMatchObject({ length: head.length });
  await expectHandled({
    group,
    fault: 'heads of dumps and lists of their contents, bytes of them changed, cut or moved',
    rounds,
    inputs: mutations,
    async read(changes) {
      parseToc(mutateBytes(Buffer.from(listing), changes).toString());
      await readDumpHead(contextThatReads(mutateBytes(head, changes)), archive, manifest);
    },
  });
});

const listing = `;\n;     TOC Entries: 3\n;     Dumped from database version: 15.18\n;\n7; 2615 16384 SCHEMA - app postgres\n216; 1259 16385 TABLE public plain postgres\n3531; 0 16385 TABLE DATA public plain postgres\n`;

test(`lines of sidecars (${seeded})`, { timeout }, async () => {
  const lines = ['a.txt', 'b/c.txt'].map((name) => ({
    ...(JSON.parse(lineOf(name)) as object),
    object: {
      version: 'v',
      updated_at: '2026-11-21T02:00:00Z',
      metadata: { eTag: 'e', size: 1, mimetype: 'text/plain', cacheControl: 'no-cache' },
      user_metadata: { a: 1 },
    },
  }));
  await expectHandled({
    group,
    fault: 'lists of objects (objects.jsonl), nodes and bytes of them changed',
    rounds,
    inputs: fc.array(mutations, { minLength: 2, maxLength: 2 }),
    async read(changes) {
      const text = lines.map((line, index) => mutateJsonText(line, changes[index]!).toString()).join('\n');
      for await (const { path, row } of readObjectLines(archive, Readable.from([Buffer.from(text)]))) {
        expect(path.startsWith('storage/')).toBe(true);
        expect(path.split('/')).not.toContain('..');
        // Whoever restores it relies on the shape of its row.
        parseObjectRow(row);
      }
    },
  });
});

test(`settings of buckets (${seeded})`, { timeout }, async () => {
  const row = { id: 'docs', public: false, file_size_limit: 5, allowed_mime_types: ['text/plain'], name: 'docs' };
  await expectHandled({
    group,
    fault: 'settings of buckets (bucket.json), nodes and bytes of them changed',
    rounds,
    inputs: mutations,
    read: (changes) => settingsOfRow(parseBucketSidecar(mutateJsonText(row, changes).toString()).row),
    mayThrow: (error) => error instanceof Error && error.message.startsWith('bucket.json'),
  });
});
