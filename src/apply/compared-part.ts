import { isAbout } from '../domain/identity.ts';
import { asksFor, isWhole, type RestoreScope } from '../domain/restore-scope.ts';
import { isData, relationKey, type Decision } from '../domain/selection.ts';
import type { CompareRequest } from './compare.ts';

/** What of a backup a restore of a part is compared with. Rows that were appended to others cannot be counted. */
export function comparedPart(
  scope: RestoreScope,
  decisions: readonly Decision[],
  occupied: ReadonlySet<string>,
): CompareRequest['includes'] {
  if (isWhole(scope)) return () => true;
  const asked = decisions.filter(({ cause }) => cause !== 'unasked' && cause !== 'elsewhere').map(({ entry }) => entry);
  const tables = asked
    .filter(({ description }) => description === 'TABLE DATA')
    .map(({ schema, tag }) => relationKey(schema!, tag!));
  const counted = new Set(tables.filter((key) => scope.mode !== 'append' || !occupied.has(key)));
  const about = isAbout(asked.filter((entry) => !isData(entry)));
  const wantsLargeObjects = asked.some(({ description }) => description === 'BLOBS');
  const classes = new Set([
    ...(asksFor(scope, 'roles') ? ['role', 'membership'] : []),
    ...(asksFor(scope, 'extensions') ? ['extension'] : []),
    ...(asksFor(scope, 'publications') ? ['publication'] : []),
    ...(asksFor(scope, 'settings') ? ['setting'] : []),
    ...(asksFor(scope, 'privileges') ? ['privileges', 'default privileges'] : []),
    ...(asksFor(scope, 'cron') ? ['cron job'] : []),
  ]);
  return (schema, name, className) => {
    if (className === 'rows') return counted.has(relationKey(schema ?? '', name));
    if (className === 'large objects') return wantsLargeObjects;
    return classes.has(className) || (className !== 'sequence value' && about({ class: className, name, schema, value: null }));
  };
}
