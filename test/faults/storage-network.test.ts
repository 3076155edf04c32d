import { createHash } from 'node:crypto';
import { beforeEach, expect, test } from 'vitest';
import { downloadPending, type Downloads } from '../../src/capture/storage/download.ts';
import { captureInventory } from '../../src/capture/storage/inventory.ts';
import { createStorageFilter } from '../../src/domain/storage/filter.ts';
import type { RunContext } from '../../src/context.ts';
import type { MirroredObject } from '../../src/domain/storage/inventory.ts';
import type { Mirror, ObjectStore } from '../../src/object-store.ts';
import type { TestDatabase } from '../helpers/database.ts';
import { createEnds, faultRounds, faultSeed, recordFaults } from '../helpers/faults.ts';
import { openTestMirror } from '../helpers/mirror.ts';
import type { Fault, FaultEffect } from '../helpers/storage-server/faults.ts';
import { createStorageScene } from '../helpers/storage-scene.ts';
import type { StorageServer } from '../helpers/storage-server/server.ts';
import { createTemporaryDirectory } from '../helpers/temporary-directory.ts';

const histories = faultRounds(60, 1000);
const sizes = [0, 1, 700, 5_000, 70_000, 300_000];

let database: TestDatabase;
let server: StorageServer;
let store: ObjectStore;
let context: RunContext;

beforeEach(async () => {
  const scene = await createStorageScene({ stallMs: 1_000, headersMs: 1_000, connectMs: 1_000 });
  ({ database, server, store } = scene);
  for (const [index, size] of [...sizes, ...sizes].entries()) {
    await server.putObject(index % 2 === 0 ? 'even' : 'odd', `${index}/object`, Buffer.alloc(size, `${index} of them. `));
  }
  // What a server asks for is not waited for here.
  context = { ...scene.context, clock: { ...scene.context.clock, sleep: () => Promise.resolve() } };
});

async function download(mirror: Mirror): Promise<Downloads> {
  await database.query('BEGIN');
  await captureInventory(database, mirror, createStorageFilter({ buckets: [], exclude: [] }));
  await database.query('COMMIT');
  return downloadPending(context, { store, mirror, concurrency: 4, maxBytes: undefined, retryDelayMs: 1 });
}

const effects: readonly FaultEffect[] = [
  { kind: 'status', status: 429, retryAfter: 1 },
  { kind: 'status', status: 500 },
  { kind: 'status', status: 502 },
  { kind: 'status', status: 504 },
  { kind: 'reset' },
  { kind: 'reset', afterBytes: 300 },
  { kind: 'short', missingBytes: 1 },
  { kind: 'wrong-length', bytes: 650 },
  { kind: 'html' },
  { kind: 'refuse' },
];

/** A history that follows from its seed: up to three kinds of fault, each with its probability. */
function faultsOf(seed: number): Fault[] {
  const digest = createHash('sha256').update(String(seed)).digest();
  return Array.from({ length: 1 + (digest[0]! % 3) }, (_, index) => ({
    method: 'GET',
    effect: effects[digest[1 + index]! % effects.length]!,
    probability: digest[5 + index]! / 400,
    seed: seed * 10 + index,
  }));
}

/** By bucket and name, the SHA-256 of what the server has. */
async function serverSums(): Promise<Map<string, string>> {
  const rows = await database.query<{ bucket_id: string; name: string }>('SELECT bucket_id, name FROM storage.objects');
  const sums = new Map<string, string>();
  for (const { bucket_id: bucket, name } of rows) {
    const bytes = await server.bytesOf(bucket, name);
    sums.set(`${bucket}/${name}`, createHash('sha256').update(bytes).digest('hex'));
  }
  return sums;
}

function mirrored(mirror: Mirror): Map<string, MirroredObject> {
  const objects = mirror.buckets().flatMap(({ id }) => [...mirror.mirrored(id)]);
  return new Map(objects.map((object) => [`${object.bucket}/${object.name}`, object]));
}

const patience = 600_000 + histories * 5_000;

test(`in ${histories} histories of faults (seed ${faultSeed}) nothing is lost`, { timeout: patience }, async () => {
  const { ends, count } = createEnds();
  const wanted = await serverSums();
  let struck = 0;
  let named = 0;
  for (let round = 1; round <= histories; round += 1) {
    const seed = faultSeed * 10_000 + round;
    const mirror = openTestMirror(await createTemporaryDirectory());
    const faults = faultsOf(seed).map((fault) => server.faults.add(fault));
    const { missing, left, changed } = await download(mirror);
    struck += faults.reduce((sum, fault) => sum + fault.struck, 0);
    server.faults.clear();
    const found = mirrored(mirror);
    if (missing.length > 0) count('what did not come was named, and came with the next run');
    else count(faults.some((fault) => fault.struck > 0) ? 'all came in spite of faults' : 'no fault struck');
    const names = missing.map(({ bucket, name }) => `${bucket}/${name}`);
    named += names.length;
    const told = `seed ${faultSeed}, round ${round}`;
    expect({ left: left.objects, changed }, told).toEqual({ left: 0, changed: [] });
    expect([...found.keys(), ...names].toSorted(), told).toEqual([...wanted.keys()].toSorted());
    for (const [name, object] of found) expect(object.sha256, `${told}: ${name}`).toBe(wanted.get(name));

    // The next run needs no help.
    expect(await download(mirror), told).toMatchObject({ objects: names.length, missing: [] });
    expect(new Map([...mirrored(mirror)].map(([name, { sha256 }]) => [name, sha256])), told).toEqual(wanted);
    mirror.close();
  }
  // Otherwise nothing was tried.
  expect(struck).toBeGreaterThan(histories);
  expect(named).toBeGreaterThan(0);
  recordFaults({ group: 'storage-network', fault: 'a history of faults of the Storage API', rounds: histories, ends });
});
