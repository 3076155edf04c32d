import fc from 'fast-check';
import { expect, test } from 'vitest';
import {
  addRun,
  measurementsSchema,
  noMeasurements,
  parseMeasurements,
  type Measurements,
  type RunMeasurements,
} from '../../../../src/domain/metrics/measurements.ts';
import { allFacts } from '../../../helpers/metric-facts.ts';

const nothing = { archives: {}, storage: undefined, repository: undefined };

test('a run that failed early leaves what was known, but for its stages', () => {
  const known = allFacts.measured;
  const failed = addRun(known, { command: 'backup', stagesMs: { catalog: 5 }, ...nothing });
  expect(failed).toEqual({ ...known, stagesMs: { ...known.stagesMs, backup: { catalog: 5 } } });
});

test('a backup of the database alone leaves what was known of Storage', () => {
  const database = { readBytes: 1, deduplicatedBytes: 1 };
  const added = addRun(allFacts.measured, { command: 'backup', stagesMs: {}, ...nothing, archives: { database } });
  expect(added.archives).toEqual({ database, storage: allFacts.measured.archives.storage });
  expect(added.storage).toEqual(allFacts.measured.storage);
});

test('of a restore only what it tells of the repository counts', () => {
  const repository = { originalBytes: 2, storedBytes: 1 };
  const added = addRun(allFacts.measured, { command: 'restore', stagesMs: { restore: 9 }, ...nothing, repository });
  expect(added).toEqual({ ...allFacts.measured, repository });
});

test.each([undefined, '', 'null', '{}', '{"stagesMs":{"backup":{"a":"long"}},"archives":{}}', '{"stagesMs":{},"archives":[]}'])(
  'of %j nothing is known',
  (json) => {
    expect(parseMeasurements(json)).toEqual(noMeasurements);
  },
);

test('after any history what is kept can be read again, and nothing that was known is forgotten', () => {
  const count = fc.nat();
  const sizes = fc.record({ readBytes: count, deduplicatedBytes: count });
  const run: fc.Arbitrary<RunMeasurements> = fc.record({
    command: fc.constantFrom('backup', 'verify', 'restore', 'prune'),
    stagesMs: fc.dictionary(fc.constantFrom('catalog', 'snapshot', 'verify'), count),
    archives: fc.record({ database: sizes, storage: sizes }, { requiredKeys: [] }),
    storage: fc.option(fc.constant(allFacts.measured.storage), { nil: undefined }),
    repository: fc.option(fc.record({ originalBytes: count, storedBytes: count }), { nil: undefined }),
  });
  fc.assert(
    fc.property(fc.array(run, { maxLength: 8 }), (runs) => {
      let known: Measurements = noMeasurements;
      for (const next of runs) {
        const before = known;
        known = parseMeasurements(JSON.stringify(addRun(known, next)));
        expect(measurementsSchema.parse(known)).toEqual(known);
        for (const part of ['storage', 'repository'] as const) {
          expect(known[part]).toEqual(next[part] ?? before[part]);
        }
        expect(known.archives).toEqual({ ...before.archives, ...next.archives });
        expect(Object.keys(known.stagesMs)).toEqual(expect.arrayContaining(Object.keys(before.stagesMs)));
      }
    }),
  );
});
