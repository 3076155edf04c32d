import type { DefinitionChange } from './definition-changes.ts';

export interface DriftFindings {
  /** Worked, in this order, on what the migrations make. */
  readonly done: readonly string[];
  readonly failed: readonly { readonly sql: string; readonly error: string }[];
  /** What still differs after them. */
  readonly remaining: readonly DefinitionChange[];
}

/** The difference as SQL: what the live schema has beyond the migrations, as if it were one more of them. */
export function formatDrift({ done, failed, remaining }: DriftFindings): string {
  const paragraphs = [
    '-- What the database has beyond its migrations, or otherwise: written and tried by supabase-backup-agent.\n-- Privileges and owners are not compared.',
    ...done,
    ...failed.map(({ sql, error }) => comment(`This did not work: ${error}\n${sql}`)),
    ...remaining.map(({ what, expected, live }) =>
      comment(
        [
          `Still different: ${what}`,
          ...(expected === undefined ? [] : ['by the migrations:', (expected.definition ?? '').trim()]),
          ...(live === undefined ? [] : ['in the database:', (live.definition ?? '').trim()]),
        ].join('\n'),
      ),
    ),
  ];
  return `${paragraphs.join('\n\n')}\n`;
}

function comment(text: string): string {
  return text.replaceAll(/^/gm, '-- ');
}
