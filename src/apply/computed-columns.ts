import { z } from 'zod';
import type { CatalogRecord } from '../domain/catalog.ts';
import { simplify } from '../domain/identity.ts';
import { relationKey, type Decision, type TargetRelation } from '../domain/selection.ts';
import { qualifyName, quoteIdentifier } from '../domain/sql.ts';
import { tolerateFailure } from '../domain/tolerant.ts';

const generatedSchema = z.object({ generated: z.string() });

interface TargetTables {
  readonly catalog: readonly CatalogRecord[];
  readonly relations: ReadonlyMap<string, TargetRelation>;
  /** Whether rows were added to others, which stay as they are. */
  readonly appends: boolean;
}

/**
 * Columns that the source computes and a table of the target keeps like any other: a dump has no values of them, so they are computed
 * when the rows are there, by what computed them on the source. Where the role may not change rows, they are told as lost.
 */
export function computeColumns(
  decisions: readonly Decision[],
  { catalog, relations, appends }: TargetTables,
): { readonly decisions: Decision[]; readonly statements: string[] } {
  const expressions = new Map(
    catalog.flatMap(({ class: className, name, value }) => {
      const parsed = className === 'column' ? generatedSchema.safeParse(value) : undefined;
      return parsed?.success === true ? [[simplify(name), parsed.data.generated] as const] : [];
    }),
  );
  const statements: string[] = [];
  const decided = decisions.map((decision): Decision => {
    const { entry, action } = decision;
    const { schema, tag } = entry;
    const relation = relations.get(relationKey(schema ?? '', tag ?? ''));
    if (entry.description !== 'TABLE DATA' || action === 'skip' || relation === undefined) return decision;
    const computed = relation.columns.flatMap((column) => {
      const expression = expressions.get(simplify(`${schema}.${tag}.${column}`));
      return expression === undefined ? [] : [{ column, expression }];
    });
    if (computed.length === 0) return decision;
    if (!relation.update)
      return loseColumns(
        decision,
        computed.map(({ column }) => column),
      );
    statements.push(
      ...computed.map(({ column, expression }) => {
        const name = quoteIdentifier(column);
        const lacking = appends ? `${name} IS NULL` : `${name} IS DISTINCT FROM (${expression})`;
        const update = `UPDATE ${qualifyName({ schema: schema!, name: tag! })} SET ${name} = (${expression}) WHERE ${lacking}`;
        return tolerateFailure(`values of column ${column} of table ${tag} in schema ${schema}`, update);
      }),
    );
    return decision;
  });
  return { decisions: decided, statements };
}

function loseColumns(decision: Decision, columns: readonly string[]): Decision {
  const reason = `the target does not compute ${columns.join(', ')}`;
  return {
    ...decision,
    reason: decision.reason === undefined ? reason : `${decision.reason}; ${reason}`,
    lostColumns: [...(decision.lostColumns ?? []), ...columns],
  };
}
