import { createHash } from 'node:crypto';
import { lstat, mkdir, readdir, readFile, readlink, rm, writeFile } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { expect, test } from 'vitest';
import { formatArchiveName, formatBackupId } from '../../src/domain/archive-name.ts';
import { exitCodes } from '../../src/domain/exit-code.ts';
import { runAgent, type AgentResult } from '../helpers/agent.ts';
import { createEnds, faultRounds, faultSeed, recordFaults } from '../helpers/faults.ts';
import { exportEntries, importEntries, makeHostile, type TarEntry } from '../helpers/hostile-archive.ts';
import { createRandom, pick } from '../helpers/random.ts';
import { createStorageTarget, createStoredProject } from '../helpers/stored-project.ts';
import { createTemporaryDirectory } from '../helpers/temporary-directory.ts';

const rounds = faultRounds(2, 60);
const minuteMs = 60_000;

const ofStorage: readonly (readonly string[])[] = [
  ['show', 'BACKUP'],
  ['extract', 'BACKUP', '--to-dir', 'OUT'],
  ['extract', 'BACKUP', '--to-dir', 'OUT', '--json'],
  ['extract', 'BACKUP', 'docs/sub/', '--to-dir', 'OUT'],
  ['extract', 'BACKUP', '--tar'],
  ['verify', 'BACKUP', '--data', '--json'],
  ['restore', 'BACKUP', '--to', 'test', '--confirm', 'shop-test', '--only', 'storage', '--json'],
  ['compare', 'BACKUP', '--to', 'test', '--only', 'storage'],
];
const ofDatabase: readonly (readonly string[])[] = [
  ['show', 'BACKUP', '--json'],
  ['verify', 'BACKUP'],
  ['verify', 'BACKUP', '--data', '--json'],
  ['drill', 'BACKUP', '--json'],
  ['restore', 'BACKUP', '--to', 'test', '--confirm', 'shop-test', '--clean', '--json'],
  ['compare', 'BACKUP', '--to', 'test'],
  ['diff', 'latest', 'BACKUP', '--json'],
];

test(
  `${rounds} archives that somebody has made by hand (seed ${faultSeed})`,
  { timeout: minuteMs * Math.max(10, rounds / 2) },
  async () => {
    const { ends, count } = createEnds();
    const target = await createStorageTarget();
    const scene = await createStoredProject(target.variables);
    for (const name of ['a.txt', 'sub/b.txt', 'sub/c.bin']) await scene.storage.putObject('docs', name, `this is ${name}`);
    await scene.database.query(
      "CREATE TABLE notes (id int PRIMARY KEY, body text); INSERT INTO notes VALUES (1, 'a'), (2, 'b')",
    );
    const { document } = await scene.backUp();
    const base = await createTemporaryDirectory();
    const canary = join(base, 'canary');
    await mkdir(join(canary, 'sub'), { recursive: true });
    await writeFile(join(canary, 'kept.txt'), 'as it was');
    const before = await describeTree(canary);
    const archives = await Promise.all(document.archives.map(({ name }) => exportEntries(scene.repository, name)));

    for (let round = 1; round <= rounds; round += 1) {
      const random = createRandom(faultSeed * 100_003 + round);
      const backupId = formatBackupId('shop', new Date(Date.UTC(2026, 0, 1) + round * 1000));
      const index = random() < 0.6 ? 1 : 0;
      const { entries, what } = makeHostile(withId(archives[index]!, backupId), { random, canary });
      const archive = formatArchiveName(backupId, index === 1 ? 'storage' : 'database');
      await importEntries(scene.repository, archive, entries);
      const out = join(base, `out-${round}`);
      const chosen = pick(random, index === 1 ? ofStorage : ofDatabase);
      const args = chosen.map((part) => (part === 'BACKUP' ? backupId : part === 'OUT' ? out : part));
      const result = await runAgent([...args, '--env-file', scene.project.envFile], { cwd: base });
      const tells = `seed ${faultSeed}, round ${round}: ${args.join(' ')} with ${what}: exit code ${result.exitCode}\n${result.stderr}`;
      expectHandled(result, chosen.includes('--json'), tells);
      expect(await describeTree(canary), tells).toEqual(before);
      await expectOnlyFiles(out, tells);
      await expectLeftNothing(scene.project.stateDirectory, tells);
      await scene.repository.borg('delete', `::${archive}`);
      await rm(out, { recursive: true, force: true });
      count(endOf(result.exitCode));
    }
    recordFaults({
      group: 'hostile-archives',
      fault:
        'archives with links, devices, pipes, odd names and documents: show, extract, verify, drill, restore, compare, diff',
      rounds,
      ends,
    });
  },
);

/** The archive alone is the whole backup then. */
function withId(entries: readonly TarEntry[], backupId: string): readonly TarEntry[] {
  return entries.map((entry) => {
    if (entry.header.name !== 'manifest.json') return entry;
    const manifest = JSON.parse(entry.bytes.toString()) as { readonly kind: string };
    return { ...entry, bytes: Buffer.from(JSON.stringify({ ...manifest, backupId, runKinds: [manifest.kind] })) };
  });
}

const documented: readonly number[] = Object.values(exitCodes);

function expectHandled({ exitCode, stdout, stderr }: AgentResult, isJson: boolean, tells: string): void {
  expect(documented, tells).toContain(exitCode);
  expect(stderr, tells).not.toMatch(/^\s+at |Unexpected:|\[object Object\]/m);
  // oxlint-disable-next-line no-control-regex
  expect(stderr, tells).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f]/);
  if (isJson) expect(JSON.parse(stdout), tells).toMatchObject({ schemaVersion: 1 });
  if (isJson) expect(stdout, tells).not.toMatch(/Unexpected:|ZodError/);
}

/** Each path of a tree with what it is. */
async function describeTree(directory: string): Promise<readonly string[]> {
  const entries = await readdir(directory, { recursive: true, withFileTypes: true });
  const lines = await Promise.all(
    entries.map(async (entry) => {
      const path = join(entry.parentPath, entry.name);
      const { mode, size, mtimeMs, uid } = await lstat(path);
      const content = entry.isFile()
        ? createHash('sha256')
            .update(await readFile(path))
            .digest('hex')
        : entry.isSymbolicLink()
          ? await readlink(path)
          : '';
      return [relative(directory, path), mode, entry.isDirectory() ? '' : size, mtimeMs, uid, content].join(' ');
    }),
  );
  return lines.toSorted();
}

/** Ordinary files and directories, which only their owner can read. */
async function expectOnlyFiles(directory: string, tells: string): Promise<void> {
  const entries = await readdir(directory, { recursive: true, withFileTypes: true }).catch(() => []);
  for (const entry of entries) {
    const { mode, nlink } = await lstat(join(entry.parentPath, entry.name));
    expect(entry.isDirectory() || (entry.isFile() && nlink === 1), tells).toBe(true);
    expect(mode & 0o077, tells).toBe(0);
  }
}

/** No work directory of a run. */
async function expectLeftNothing(stateDirectory: string, tells: string): Promise<void> {
  const left = await readdir(join(stateDirectory, 'shop', 'run')).catch(() => []);
  expect(left, tells).toEqual([]);
}

function endOf(exitCode: number): string {
  if (exitCode === exitCodes.ok) return 'harmless to this command';
  if (exitCode === exitCodes.verificationFailed) return 'found and refused, or named (22)';
  if (exitCode === exitCodes.incomplete) return 'named as incomplete (3)';
  return exitCode === exitCodes.usage ? 'refused (2)' : `failed (${exitCode})`;
}
