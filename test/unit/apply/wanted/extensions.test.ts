import { expect, test } from 'vitest';
import { moveExtensions } from '../../../../src/apply/wanted/extensions.ts';
import { indexCatalog } from '../../../../src/domain/catalog-index.ts';
import type { Cause } from '../../../../src/domain/selection.ts';
import { record } from '../../../helpers/catalog-records.ts';
import { define } from '../../../helpers/dump-entries.ts';

const extension = (name: string, schema: string) => record('extension', name, { version: '1.1', schema }, null);
const entry = define('EXTENSION', 'uuid-ossp', { schema: null });
const source = indexCatalog([extension('"uuid-ossp"', 'my extensions')]);
const exists = [{ entry, action: 'skip' as const, cause: 'exists' as Cause }];

test('an extension that stands elsewhere is moved to the schema that it had, or made there anew', () => {
  const [statement, ...others] = moveExtensions(source, indexCatalog([extension('"uuid-ossp"', 'public')]), exists);
  expect(others).toEqual([]);
  expect(statement).toContain('ALTER EXTENSION "uuid-ossp" SET SCHEMA "my extensions";');
  expect(statement).toContain('DROP EXTENSION "uuid-ossp";\n  CREATE EXTENSION "uuid-ossp" WITH SCHEMA "my extensions";');
  // It may be refused, and is named then.
  expect(statement).toContain('schema my extensions of extension "uuid-ossp"');
});

test.each([
  ['stands there already', [extension('"uuid-ossp"', 'my extensions')], exists],
  ['comes with the restore', [extension('"uuid-ossp"', 'public')], [{ entry, action: 'keep' as const }]],
  ['nobody asked for', [extension('"uuid-ossp"', 'public')], [{ entry, action: 'skip' as const, cause: 'unasked' as Cause }]],
])('one that %s is not', (_, found, decisions) => {
  expect(moveExtensions(source, indexCatalog(found), decisions)).toEqual([]);
});
