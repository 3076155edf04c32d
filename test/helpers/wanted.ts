import { findWanted, type Wanted } from '../../src/apply/wanted/find-wanted.ts';
import type { WantedRequest } from '../../src/apply/wanted/facts.ts';
import type { CatalogRecord } from '../../src/domain/catalog.ts';
import { indexCatalog } from '../../src/domain/catalog-index.ts';
import type { Role } from '../../src/domain/manifest.ts';
import { targetKinds, type NamedTarget } from './restore-target.ts';

export interface WantedFacts {
  readonly source?: readonly CatalogRecord[];
  readonly found?: readonly CatalogRecord[];
  readonly roles?: readonly Role[];
  readonly target?: Partial<WantedRequest['target']>;
}

/** What a restore as `postgres`, the only role there (of PostgreSQL 17), has to do beside the entries of the dump. */
export function wantedOn(name: NamedTarget, { source = [], found = [], roles = [], target = {} }: WantedFacts): Wanted {
  const { kind, superuser } = targetKinds[name];
  return findWanted({
    source: indexCatalog(source),
    found: indexCatalog(found),
    roles,
    target: {
      kind,
      major: 17,
      superuser,
      role: 'postgres',
      createsRoles: true,
      roles: new Set(['postgres']),
      samePlatform: true,
      ...target,
    },
  });
}

/** "what: why", and what it explains. */
export function forbiddenIn({ forbidden }: Pick<Wanted, 'forbidden'>): Record<string, readonly string[]> {
  return Object.fromEntries(forbidden.map(({ what, why, explains }) => [`${what}: ${why}`, explains ?? []]));
}
