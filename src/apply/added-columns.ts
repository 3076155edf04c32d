import { z } from 'zod';
import type { CatalogRecord } from '../domain/catalog.ts';
import { simplify } from '../domain/identity.ts';
import type { Decision } from '../domain/selection.ts';
import { qualifyName, quoteIdentifier } from '../domain/sql.ts';

const columnSchema = z.object({
  type: z.string(),
  notNull: z.boolean().optional(),
  default: z.string().nullish(),
  collation: z.string().nullish(),
  identity: z.string().nullish(),
});

/**
 * Columns that the user of a self-hosted platform has added to its tables: where the target's platform is of the same version they
 * can be nobody else's, and are added there before the rows come. A dump has them within the definition of the table, which the target
 * has already.
 */
export function addUsersColumns(
  decisions: readonly Decision[],
  catalog: readonly CatalogRecord[],
): { readonly decisions: Decision[]; readonly statements: string[] } {
  const columns = new Map(
    catalog.filter((record) => record.class === 'column').map(({ name, value }) => [simplify(name), value]),
  );
  const statements: string[] = [];
  const decided = decisions.map((decision): Decision => {
    const { entry, lostColumns } = decision;
    if (decision.action !== 'stage' || lostColumns === undefined) return decision;
    const added = lostColumns.map((column) => {
      const value = columns.get(simplify(`${entry.schema}.${entry.tag}.${column}`));
      const parsed = columnSchema.safeParse(value);
      return parsed.success ? addColumn(entry, column, parsed.data) : undefined;
    });
    if (added.some((statement) => statement === undefined)) return decision;
    statements.push(...added.filter((statement) => statement !== undefined));
    return { entry, action: 'keep' };
  });
  return { decisions: decided, statements };
}

function addColumn({ schema, tag }: Decision['entry'], column: string, value: z.infer<typeof columnSchema>): string {
  const { type, collation, identity } = value;
  return [
    `ALTER TABLE ${qualifyName({ schema: schema!, name: tag! })} ADD COLUMN ${quoteIdentifier(column)} ${type}`,
    ...(collation ? [`COLLATE ${collation}`] : []),
    ...(value.default ? [`DEFAULT ${value.default}`] : []),
    ...(identity ? [`GENERATED ${identity.toUpperCase()} AS IDENTITY`] : []),
    ...(value.notNull === true ? ['NOT NULL'] : []),
  ]
    .join(' ')
    .concat(';');
}
