import { expect, test } from 'vitest';
import { planRestore } from '../../../src/apply/plan.ts';
import type { TargetFacts } from '../../../src/apply/target.ts';
import type { Manifest } from '../../../src/domain/manifest.ts';

const manifest = {
  server: { version: '15.18', versionNumber: 150018, database: 'postgres', sizeBytes: 1, encoding: 'UTF8', collation: 'C' },
  extensions: [{ name: 'pgcrypto', version: '1.3', schema: 'extensions' }],
  roles: [
    { name: 'postgres', login: true },
    { name: 'app', login: true },
  ],
  tables: [{ schema: 'public', name: 't', kind: 'table', oid: 1, rows: 1234, bytes: 1 }],
  largeObjects: { count: 2 },
  coverage: [],
} as unknown as Manifest;

const target: TargetFacts = {
  version: '17.2',
  major: 17,
  database: 'restored',
  encoding: 'UTF8',
  role: 'postgres',
  superuser: true,
  contents: [],
  roles: new Set(['postgres']),
  availableExtensions: new Set(['pgcrypto']),
};

test('an empty database of a superuser takes everything', () => {
  const plan = planRestore(manifest, target, undefined);
  expect(plan).toMatchObject({ refusals: [], losses: [], tolerant: false, keepOwners: true });
  expect(plan.missingRoles.map(({ name }) => name)).toEqual(['app']);
  expect(plan.manual).toEqual(['set new passwords, which no backup holds, for: app']);
  expect(plan.steps.join('\n')).toMatch(
    /create 1 roles: app\n.*1 tables with 1,234 rows and 2 large objects .*restored.*\nall in one transaction/,
  );
});

test.each<[string, Partial<TargetFacts>, RegExp]>([
  [
    'a database with something in it',
    { contents: ['2 relation(s) in schema public'] },
    /restored is not empty: 2 relation\(s\) in schema public/,
  ],
  ['an older server', { major: 14, version: '14.1' }, /PostgreSQL 14.1, older than the source \(15.18\)/],
])('%s is refused', (_, facts, refusal) => {
  expect(planRestore(manifest, { ...target, ...facts }, undefined).refusals).toEqual([expect.stringMatching(refusal)]);
});

test.each<[string, Partial<TargetFacts>, RegExp]>([
  ['an extension that is not installed', { availableExtensions: new Set() }, /extension pgcrypto 1.3 is not installed/],
  ['a role that is no superuser', { superuser: false, role: 'app' }, /role app is no superuser/],
])('%s is a loss, which makes the restore tolerant', (_, facts, loss) => {
  const plan = planRestore(manifest, { ...target, ...facts }, undefined);
  expect(plan.losses).toEqual([expect.stringMatching(loss)]);
  expect(plan.tolerant).toBe(true);
  expect(plan.steps.join('\n')).toContain('not in one transaction');
});

test('what the backup lacks is a loss', () => {
  const coverage = [{ component: 'table public.x', state: 'not readable' as const, detail: 'no SELECT' }];
  expect(planRestore({ ...manifest, coverage }, target, undefined).losses).toEqual([
    'table public.x is not in the backup (no SELECT)',
  ]);
});
