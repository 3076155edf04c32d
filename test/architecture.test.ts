import { readdir, readFile } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { checkGlobals, checkImports, checkSizes, type ImportMap, type Source } from './helpers/architecture.ts';
import { checkAssertions } from './helpers/assertions.ts';

/** Modules that reach neither disk nor network nor other programs. */
const pure = ['node:crypto', 'node:events', 'node:path', 'node:stream', 'node:stream/promises', 'zod'];

/**
 * The walls of the house (CONTRIBUTING.md, "Where things are"). Tools arrive through the context, so nothing but
 * composition.ts names one; capture and apply never meet, though both read catalogs; a command knows no other command.
 */
const importMap: ImportMap = {
  'main.ts': { values: ['cli'], outside: ['node:module', 'node:url'] },
  'composition.ts': {
    values: ['tools', 'domain', 'errors.ts', 'log.ts'],
    types: ['config', 'context.ts', 'object-store.ts', 'state-store.ts'],
    outside: 'any',
  },
  'compose-log.ts': { values: ['tools', 'log.ts'], types: ['config', 'context.ts', 'domain'], outside: 'any' },
  'context.ts': {
    values: [],
    types: ['config', 'domain', 'errors.ts', 'files.ts', 'metrics.ts', 'notifier.ts', 'object-store.ts', 'state-store.ts'],
    outside: ['node:stream', 'pino'],
  },
  'notifier.ts': { values: [], types: ['domain'], outside: [] },
  'state-store.ts': { values: [], types: ['domain', 'notifier.ts'], outside: [] },
  'files.ts': { values: [], outside: ['node:stream'] },
  'metrics.ts': { values: [], types: ['domain'], outside: [] },
  'object-store.ts': { values: [], types: ['domain'], outside: ['node:stream'] },
  'object-requests.ts': { values: ['domain'], types: ['context.ts'], outside: ['p-retry'] },
  'buffer-pool.ts': { values: ['release-memory.ts'], outside: [] },
  'release-memory.ts': { values: [], outside: [] },
  'errors.ts': { values: ['domain'], outside: [] },
  'log.ts': { values: ['domain', 'errors.ts'], outside: ['pino'] },
  domain: { values: ['domain'], outside: ['zod', 'picomatch', 'node-cron'] },
  config: { values: ['config', 'domain', 'errors.ts'], types: ['context.ts'], outside: 'any' },
  tools: {
    values: ['tools', 'domain', 'errors.ts', 'log.ts', 'object-requests.ts', 'buffer-pool.ts', 'release-memory.ts'],
    types: ['config', 'context.ts', 'files.ts', 'metrics.ts', 'notifier.ts', 'object-store.ts', 'state-store.ts'],
    outside: 'any',
  },
  catalog: { values: ['catalog', 'domain', 'errors.ts'], types: ['config', 'context.ts', 'object-store.ts'], outside: pure },
  capture: {
    values: ['capture', 'catalog', 'domain', 'errors.ts', 'object-requests.ts'],
    types: ['config', 'context.ts', 'object-store.ts', 'state-store.ts'],
    outside: pure,
  },
  apply: {
    values: ['apply', 'catalog', 'domain', 'errors.ts', 'object-requests.ts', 'buffer-pool.ts', 'release-memory.ts'],
    types: ['config', 'context.ts', 'object-store.ts', 'state-store.ts'],
    outside: pure,
  },
  archive: {
    values: ['archive', 'catalog', 'domain', 'errors.ts', 'release-memory.ts'],
    types: ['config', 'context.ts', 'object-store.ts', 'state-store.ts'],
    outside: [...pure, 'tar-stream'],
  },
  pipeline: {
    values: ['pipeline', 'capture', 'apply', 'archive', 'catalog', 'domain', 'errors.ts'],
    types: ['config', 'context.ts', 'notifier.ts', 'object-store.ts', 'state-store.ts'],
    outside: [...pure, 'p-retry'],
  },
  daemon: { values: ['daemon', 'config', 'domain', 'errors.ts'], types: ['context.ts'], outside: pure },
  cli: {
    values: [
      'cli',
      'cli/commands',
      'composition.ts',
      'compose-log.ts',
      'pipeline',
      'daemon',
      'config',
      'domain',
      'errors.ts',
      'log.ts',
    ],
    types: ['context.ts', 'notifier.ts', 'state-store.ts'],
    outside: 'any',
  },
  'cli/commands': {
    values: ['cli', 'composition.ts', 'compose-log.ts', 'pipeline', 'daemon', 'config', 'domain', 'errors.ts'],
    types: ['context.ts', 'log.ts', 'state-store.ts'],
    outside: 'any',
  },
};

/** Where the program meets its process and the clock on the wall. */
const outermost = [
  'main.ts',
  'composition.ts',
  'compose-log.ts',
  'cli/run.ts',
  'cli/output.ts',
  'config/load.ts',
  'tools/clock.ts',
];

const limits = { max: 300, median: 80, p90: 200 };

async function readSources(directory: string): Promise<Source[]> {
  const root = fileURLToPath(new URL(`../${directory}`, import.meta.url));
  const entries = await readdir(root, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
  return Promise.all(files.map(async (file) => ({ path: relative(root, file), text: await readFile(file, 'utf8') })));
}

describe('the sources', async () => {
  const sources = await readSources('src');

  test('are TypeScript, and there', () => {
    expect(sources.length).toBeGreaterThan(20);
    expect(sources.filter(({ path }) => !path.endsWith('.ts'))).toEqual([]);
  });

  test('import only what the map allows', () => {
    expect(checkImports(sources, importMap)).toEqual([]);
  });

  test('leave process, console and the clock to the outermost files', () => {
    expect(checkGlobals(sources, outermost)).toEqual([]);
  });

  test('stay small', () => {
    expect(checkSizes(sources, limits)).toEqual([]);
  });
});

test('every assertion can fail', async () => {
  const tests = (await readSources('test')).filter(({ path }) => path.endsWith('.ts') && path !== 'architecture.test.ts');
  expect(tests.length).toBeGreaterThan(200);
  expect(checkAssertions(tests)).toEqual([]);
});

/** Violations of a set of files given as `path: text`, next to some files to import from. */
function importViolations(files: Record<string, string>): string[] {
  const there = {
    'capture/roles.ts': 'export const a = 1;\n',
    'config/project-config.ts': 'export const a = 1;\n',
    'domain/toc.ts': 'export const a = 1;\n',
    'tools/clock.ts': 'export const a = 1;\n',
  };
  return checkImports(toSources({ ...there, ...files }), importMap);
}

function toSources(files: Record<string, string>): Source[] {
  return Object.entries(files).map(([path, text]) => ({ path, text }));
}

describe('the check itself', () => {
  test.each([
    ['apply/roles.ts', `import { a } from '../capture/roles.ts';`, 'apply/roles.ts must not import capture/roles.ts'],
    [
      'apply/roles.ts',
      `import {\n  a,\n  b,\n} from '../capture/roles.ts';`,
      'apply/roles.ts must not import capture/roles.ts',
    ],
    ['apply/roles.ts', `import type { A } from '../capture/roles.ts';`, 'apply/roles.ts must not import capture/roles.ts'],
    ['domain/a.ts', `import { readFile } from 'node:fs';`, 'domain/a.ts must not import node:fs'],
    ['domain/a.ts', `import 'pg';`, 'domain/a.ts must not import pg'],
    ['capture/a.ts', `import { a } from '../tools/clock.ts';`, 'capture/a.ts must not import tools/clock.ts'],
    ['cli/a.ts', `import { a } from '../tools/clock.ts';`, 'cli/a.ts must not import tools/clock.ts'],
    [
      'tools/a.ts',
      `import { type A } from '../config/project-config.ts';`,
      'tools/a.ts may import only types of config/project-config.ts',
    ],
    ['capture/a.ts', `import { a } from './gone.ts';`, 'capture/a.ts imports capture/gone.ts, which is not there'],
    [
      'capture/a.ts',
      `const a = await import('../tools/clock.ts');`,
      'capture/a.ts has 1 imports of a form that cannot be read',
    ],
    ['capture/a.ts', `  import { a } from "../tools/clock.ts"`, 'capture/a.ts has 1 imports of a form that cannot be read'],
    ['capture/a.ts', `const a = require('../tools/clock.ts');`, 'capture/a.ts has 1 imports of a form that cannot be read'],
    ['capture/a.ts', `export { a } from './roles.ts';`, 'capture/a.ts re-exports from another file'],
    ['capture/a.ts', `export * from './roles.ts';`, 'capture/a.ts re-exports from another file'],
    ['plugins/a.ts', '', 'plugins/a.ts lies in no zone of the import map'],
    ['other.ts', '', 'other.ts lies in no zone of the import map'],
    ['capture/index.ts', '', 'capture/index.ts is a barrel'],
    ['tools/utils/text.ts', '', 'tools/utils/text.ts has a name that says nothing'],
  ])('finds in %s: %s', (path, text, violation) => {
    expect(importViolations({ [path]: `${text}\n` })).toEqual([violation]);
  });

  test('finds a command that imports another', () => {
    const text = `import { b } from './b.ts';\n`;
    const files = { 'cli/commands/a.ts': text, 'cli/commands/b.ts': 'export const b = 1;\n' };
    expect(importViolations(files)).toEqual(['cli/commands/a.ts must not import cli/commands/b.ts']);
  });

  test('finds a cycle, of types too', () => {
    const files = {
      'domain/a.ts': `import { b } from './b.ts';\n`,
      'domain/b.ts': `import type { C } from './c.ts';\n`,
      'domain/c.ts': `import { a } from './a.ts';\n`,
    };
    expect(importViolations(files)).toEqual(['cycle: domain/a.ts -> domain/b.ts -> domain/c.ts -> domain/a.ts']);
  });

  test('allows what the map allows', () => {
    const text = [
      '// import of nothing: only a comment',
      `import { join } from 'node:path';`,
      `import { a } from '../domain/toc.ts';`,
      `import type { A } from '../config/project-config.ts';`,
      `export const text = 'import it from there';`,
      `export function copy(from: string) {}`,
    ].join('\n');
    expect(importViolations({ 'capture/a.ts': `${text}\n` })).toEqual([]);
  });

  test.each(['process.exit(1)', 'process.env', 'process?.env', 'console.log(1)', 'Date.now()', 'new Date()', 'new Date( )'])(
    'finds %s outside the outermost files',
    (use) => {
      const text = `const a = ${use};\n`;
      expect(checkGlobals(toSources({ 'domain/a.ts': text, 'main.ts': text }), outermost)).toHaveLength(1);
    },
  );

  test('knows a comment and a date of something from a forbidden global', () => {
    const text = '/** Never console.log. */\nconst a = new Date(0);\nconst processing = { environment: 1 };\n';
    expect(checkGlobals(toSources({ 'domain/a.ts': text }), outermost)).toEqual([]);
  });

  test('finds a long file and a drifted distribution', () => {
    const long = 'a\n'.repeat(301);
    expect(checkSizes(toSources({ a: long, b: '', c: '' }), limits)).toEqual([
      'a has 301 lines',
      'the file at the 90th percentile has 301 lines',
    ]);
    expect(checkSizes(toSources({ a: 'a\n'.repeat(80) }), limits)).toEqual(['the median file has 80 lines']);
  });

  test.each([
    'expect(true).toBe(done)',
    "expect('text', 'a message').toContain('t')",
    'expect([]).toEqual(await list())',
    'expect(found.names).toEqual(found.names)',
    'expect(result).toMatchObject({})',
    'expect(names.length).toBeGreaterThanOrEqual(0)',
    "expect(text).toContain('')",
  ])('finds that %s cannot fail', (assertion) => {
    expect(checkAssertions(toSources({ 'a.test.ts': `\n${assertion};\n` }))).toEqual([
      expect.stringMatching(/^a\.test\.ts:2 cannot fail: /),
    ]);
  });

  test('finds nothing in an assertion that can fail', () => {
    const text = "expect(names).toEqual(['a']);\nexpect(a).toEqual(b);\nexpect(count).toBeGreaterThanOrEqual(1);\n";
    expect(checkAssertions(toSources({ 'a.test.ts': text }))).toEqual([]);
  });
});
