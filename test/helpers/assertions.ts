import type { Source } from './architecture.ts';

/** What an assertion is about when the program under test has no part in it: an outcome that is written down in the test. */
const literal = String.raw`true|false|null|undefined|-?\d[\d_.]*|'[^'\n]*'|"[^"\n]*"|\[\]|\{\}`;
const hollow = [
  new RegExp(String.raw`\bexpect\((?:${literal})(?:, [^)\n]*)?\)\.`, 'g'),
  // The same on both sides.
  /\bexpect\(([\w.[\]!]+)\)\.(?:resolves\.)?(?:toBe|toEqual|toStrictEqual|toMatchObject)\(\1\)/g,
  // What everything fulfils.
  /\.toMatchObject\(\{\}\)|\.toBeGreaterThanOrEqual\(0\)|\.(?:stringContaining|toContain|toMatch)\(''\)|\.arrayContaining\(\[\]\)/g,
];

/** Lists the assertions that hold whatever the program does. That each test has one, and reaches it, is for oxlint and vitest to say. */
export function checkAssertions(sources: readonly Source[]): string[] {
  return sources.flatMap(({ path, text }) =>
    hollow
      .flatMap((pattern) => [...text.matchAll(pattern)])
      .map(({ index, 0: found }) => `${path}:${text.slice(0, index).split('\n').length} cannot fail: ${found}`),
  );
}
