import { extensionRecordSchema } from '../../domain/catalog.ts';
import { recordsOf, type CatalogIndex } from '../../domain/catalog-index.ts';
import type { Decision } from '../../domain/selection.ts';
import { quoteIdentifier, unquoteIdentifier } from '../../domain/sql.ts';
import { doBlock, tolerateFailure } from '../../domain/tolerant.ts';

/**
 * Statements that bring extensions which the target has already to the schemas that they had on the source: what is restored names
 * their types and functions there. Not everybody can move an extension, since its members are a superuser's; who has made it may
 * make it anew, as long as nothing depends on it.
 */
export function moveExtensions(source: CatalogIndex, found: CatalogIndex, decisions: readonly Decision[]): string[] {
  const there = new Map(recordsOf(found, 'extension', extensionRecordSchema).map(({ name, value }) => [name, value]));
  const stays = new Set(
    decisions
      .filter(({ entry, cause }) => entry.description === 'EXTENSION' && cause === 'exists')
      .map(({ entry }) => entry.tag),
  );
  return recordsOf(source, 'extension', extensionRecordSchema)
    .filter(({ name, value }) => stays.has(unquoteIdentifier(name)) && there.get(name)?.schema !== value.schema)
    .map(({ name, value }) => tolerateFailure(`schema ${value.schema} of extension ${name}`, move(name, value.schema)));
}

/** The extension is quoted already. */
function move(extension: string, schema: string): string {
  const place = quoteIdentifier(schema);
  const body = `BEGIN
  ALTER EXTENSION ${extension} SET SCHEMA ${place};
EXCEPTION WHEN OTHERS THEN
  DROP EXTENSION ${extension};
  CREATE EXTENSION ${extension} WITH SCHEMA ${place};
END`;
  return doBlock(body);
}
