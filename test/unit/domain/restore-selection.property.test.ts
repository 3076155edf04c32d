import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { DumpEntry } from '../../../src/domain/dump-head.ts';
import { entryKey, selectEntries } from '../../../src/domain/restore-selection.ts';
import { isData, relationKey, type Decision, type TargetObjects, type TargetRelation } from '../../../src/domain/selection.ts';
import { define } from '../../helpers/dump-entries.ts';
import { targetKinds, targetOf, type NamedTarget } from '../../helpers/restore-target.ts';

const descriptions =
  'ENCODING,ACL,DATABASE,COMMENT,EXTENSION,SCHEMA,TABLE,VIEW,FUNCTION,TYPE,SEQUENCE,TABLE DATA,SEQUENCE SET,BLOBS,' +
  'MATERIALIZED VIEW DATA,CONSTRAINT,FK CONSTRAINT,INDEX,TRIGGER,POLICY,SERVER,SUBSCRIPTION,EVENT TRIGGER,PUBLICATION,' +
  'PUBLICATION TABLE,OPERATOR CLASS';
const names = ['users', 'notes', 'schema_migrations', 'users mine', 'TABLE users'];
const schemas = ['auth', 'storage', 'public', 'realtime', null];

/** Entries that need others, earlier or later in the list. */
const lists: fc.Arbitrary<DumpEntry[]> = fc
  .array(
    fc.record({
      description: fc.constantFrom(...descriptions.split(',')),
      schema: fc.constantFrom(...schemas),
      tag: fc.constantFrom(...names),
      owner: fc.constantFrom('postgres', 'supabase_auth_admin'),
      needs: fc.array(fc.nat({ max: 30 }), { maxLength: 3 }),
    }),
    { minLength: 1, maxLength: 30, size: 'max' },
  )
  .map((facts) => {
    const entries = facts.map(({ description, schema, tag, owner }) =>
      define(description, schema === null ? tag : `${schema}.${tag}`, {
        ...(schema === null ? { schema } : {}),
        owner,
        oid: tag === 'users' ? '1' : '2',
        copyStatement: 'COPY x (id, body) FROM stdin;\n',
      }),
    );
    // Nothing needs a comment.
    const needable = entries.filter(({ description }) => description !== 'COMMENT');
    return entries.map((entry, index) => ({
      ...entry,
      dependencies:
        needable.length === 0 ? [] : facts[index]!.needs.map((other) => String(needable[other % needable.length]!.dumpId)),
    }));
  });

const relation: fc.Arbitrary<Omit<TargetRelation, 'schema' | 'name'>> = fc.record({
  owned: fc.boolean(),
  insert: fc.boolean(),
  update: fc.boolean(),
  trigger: fc.boolean(),
  policies: fc.boolean(),
  columns: fc.subarray(['id', 'body']),
});
const places = schemas.flatMap((schema) => (schema === null ? [] : names.map((name) => ({ schema, name }))));

interface Case {
  readonly entries: DumpEntry[];
  readonly decisions: readonly Decision[];
}

const cases: fc.Arbitrary<Case> = lists.chain((entries) =>
  fc
    .record({
      name: fc.constantFrom(...(Object.keys(targetKinds) as NamedTarget[])),
      privileged: fc.boolean(),
      samePlatform: fc.boolean(),
      existing: fc.subarray(entries).map((there) => new Set(there.map(entryKey))),
      creatable: fc.subarray(['auth', 'storage']).map((open) => new Set(open)),
      relations: fc
        .subarray(places)
        .chain((there) => fc.tuple(...there.map((place) => relation.map((rights) => ({ ...place, ...rights }))))),
      availableExtensions: fc.constantFrom(new Map([['users', '1.0']]), new Map<string, string>()),
      asked: fc.subarray(entries).map((some) => new Set(some)),
      isWhole: fc.boolean(),
      rows: fc.constantFrom(0, 7),
    })
    .map(({ name, relations, asked, isWhole, rows, ...facts }) => {
      const target: TargetObjects = targetOf(name, {
        ...facts,
        relations: new Map(relations.map((there) => [relationKey(there.schema, there.name), there])),
      });
      const decisions = selectEntries(entries, target, {
        rows: new Map([['1', rows]]),
        asked: (entry) => isWhole || asked.has(entry),
      });
      return { entries, decisions };
    }),
);

const lost = new Set(['forbidden', 'missing', 'absent']);
const times = { numRuns: 2000 };

/** Every decision with those of all that its entry needs. */
function pairs({ decisions }: Case): { decision: Decision; needed: Decision[] }[] {
  const byId = new Map(decisions.map((decision) => [String(decision.entry.dumpId), decision]));
  return decisions.map((decision) => ({ decision, needed: decision.entry.dependencies.map((id) => byId.get(id)!) }));
}

describe('whatever is in a dump and on a target', () => {
  test('every entry is decided of, once and in its place', () => {
    fc.assert(
      fc.property(cases, ({ entries, decisions }) => {
        expect(decisions.map(({ entry }) => entry)).toEqual(entries);
      }),
      { numRuns: 200 },
    );
  });

  test('what is left out has a cause, and what is lost a reason for people', () => {
    fc.assert(
      fc.property(cases, ({ decisions }) => {
        for (const { action, cause, reason } of decisions) {
          expect(action === 'skip').toBe(cause !== undefined);
          if (lost.has(cause!)) expect(reason).toMatch(/\w/);
        }
      }),
      times,
    );
  });

  test('nothing is made that needs what is lost, and nothing is kept for certain that needs what may fail', () => {
    fc.assert(
      fc.property(cases, (found) => {
        for (const { decision, needed } of pairs(found)) {
          if (decision.action === 'skip') continue;
          expect(needed.filter(({ cause }) => lost.has(cause!))).toEqual([]);
          if (decision.action === 'keep') expect(needed.filter(({ action }) => action === 'try')).toEqual([]);
        }
      }),
      times,
    );
  });

  test('only rows go through a table of texts, and only what makes things is there already', () => {
    fc.assert(
      fc.property(cases, ({ decisions }) => {
        for (const { entry, action, cause } of decisions) {
          if (action === 'stage') expect(entry.description).toBe('TABLE DATA');
          if (cause === 'exists') expect(isData(entry)).toBe(false);
        }
      }),
      times,
    );
  });
});
