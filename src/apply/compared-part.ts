import { isAbout } from '../domain/identity.ts';
import { asksFor, isWhole, type RestoreScope } from '../domain/restore-scope.ts';
import { isData, relationKey, type Decision } from '../domain/selection.ts';
import type { CompareRequest } from './compare.ts';
import type { TargetFacts } from './target.ts';

/**
 * What of a backup a restore of a part is compared with. Rows that were appended to others cannot be counted, nor is a materialized
 * view filled whose contents nobody asked for. Privileges are compared of what was there before and of what has come.
 */
export function comparedPart(
  scope: RestoreScope,
  decisions: readonly Decision[],
  { occupied, catalog }: Pick<TargetFacts, 'occupied' | 'catalog'>,
): CompareRequest['includes'] {
  if (isWhole(scope)) return () => true;
  const asked = decisions.filter(({ cause }) => cause !== 'unasked' && cause !== 'elsewhere').map(({ entry }) => entry);
  const tables = asked
    .filter(({ description }) => description === 'TABLE DATA')
    .map(({ schema, tag }) => relationKey(schema!, tag!));
  const counted = new Set(tables.filter((key) => scope.mode !== 'append' || !occupied.has(key)));
  const about = isAbout(asked.filter((entry) => !isData(entry)));
  const empty = decisions.filter(({ entry, cause }) => entry.description === 'MATERIALIZED VIEW DATA' && cause === 'unasked');
  const isEmpty = isAbout(empty.map(({ entry }) => entry));
  const privileged = new Set(catalog.filter((record) => record.class === 'privileges').map(({ name }) => name));
  const wantsPrivileges = asksFor(scope, 'privileges');
  const wantsLargeObjects = asked.some(({ description }) => description === 'BLOBS');
  const classes = new Set([
    ...(asksFor(scope, 'roles') ? ['role', 'membership'] : []),
    ...(asksFor(scope, 'extensions') ? ['extension'] : []),
    ...(asksFor(scope, 'publications') ? ['publication'] : []),
    ...(asksFor(scope, 'settings') ? ['setting'] : []),
    ...(wantsPrivileges ? ['default privileges'] : []),
    ...(asksFor(scope, 'cron') ? ['cron job'] : []),
  ]);
  return (schema, name, className) => {
    if (className === 'rows') return counted.has(relationKey(schema ?? '', name));
    if (className === 'large objects') return wantsLargeObjects;
    const record = { class: className, name, schema, value: null };
    if (className === 'sequence value' || (className === 'materialized view' && isEmpty(record))) return false;
    const isPrivileged = className === 'privileges' && wantsPrivileges && privileged.has(name);
    return classes.has(className) || isPrivileged || about(record);
  };
}
