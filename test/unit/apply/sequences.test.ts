import { expect, test } from 'vitest';
import { setSequenceValue } from '../../../src/apply/sequence-values.ts';
import { define } from '../../helpers/dump-entries.ts';

test.each([
  ['a statement of another kind', 'SEQUENCE SET', 'SELECT 1;\n'],
  ['something else that is no sequence', 'FUNCTION', "SELECT pg_catalog.setval('public.s', 1, true);\n"],
])('%s stays as it is', (_, description, definition) => {
  const entry = define(description, 'public.s', { definition });
  expect(setSequenceValue({ entry, action: 'keep' }, { relations: new Map(), neverBack: true }).entry).toBe(entry);
});
