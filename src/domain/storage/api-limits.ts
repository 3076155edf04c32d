import type { Coverage } from '../coverage.ts';

/** What a backup without a database has not, because the Storage API does not tell it (docs/restore.md, "Without a database"). */
export const apiLimits: readonly Coverage[] = [
  {
    component: 'database',
    state: 'not configured',
    detail: 'without SUPABASE_DB_URL a backup holds Storage alone, as its API lists it',
  },
  {
    component: 'owners of storage objects',
    state: 'not supported',
    detail: 'the Storage API does not tell the owners of objects and buckets (owner, owner_id)',
  },
  {
    component: 'other columns of storage rows',
    state: 'not supported',
    detail:
      'the Storage API does not tell them (avif_autodetection of buckets, columns that a project has added), and of times only milliseconds',
  },
  {
    component: 'snapshot of storage objects',
    state: 'not supported',
    detail: 'the list came page by page: what was changed meanwhile is in it as it was before, or after that',
  },
];
