import { z } from 'zod';

/**
 * One fact about one object of a database, as its catalog tells it: `{"class":"owner","name":"table public.notes",...}`. A
 * catalog is a set of such records, which can be compared one by one: the same class and name with the same value is equal.
 * Nothing in a value may differ between two servers that hold the same things: no object ids, no order that is not meant.
 */
export const catalogRecordSchema = z.object({
  /** What it is: "table", "column", "function", "owner", "privileges", "comment", "publication", "cron job". */
  class: z.string(),
  /** Unique within the class; for an object the identity that `pg_identify_object` gives it, quoted as SQL wants it. */
  name: z.string(),
  /** The schema it belongs to (for a trigger: that of its table); null for what lies in none. */
  schema: z.string().nullable(),
  value: z.json(),
});

export type CatalogRecord = z.infer<typeof catalogRecordSchema>;

/** An object that a record of class `owner`, `privileges` or `comment` is about, in the words of `pg_identify_object`. */
const objectReference = {
  /** "table", "view", "materialized view", "sequence", "function", "schema", "type", "large object", ... */
  type: z.string(),
  /** Quoted as SQL wants it: `public."odd name"`, `public.area(integer, text)`; of a column: `public.notes.body`. */
  identity: z.string(),
};

const grantSchema = z.object({
  grantor: z.string(),
  /** Null stands for PUBLIC. */
  grantee: z.string().nullable(),
  privilege: z.string(),
  grantable: z.boolean(),
});

/** class `owner` */
export const ownerSchema = z.object({ ...objectReference, owner: z.string() });
/** class `comment` */
export const commentSchema = z.object({ ...objectReference, text: z.string() });
/** class `privileges`: the exact effective set, defaults spelt out (`coalesce(acl, acldefault(...))`), sorted. */
export const privilegesSchema = z.object({
  ...objectReference,
  /** Of a column only: its quoted name; `identity` is then that of its table. */
  column: z.string().optional(),
  /** Of a member of an extension only: its name. The privileges of members are known, the members themselves have no records. */
  extension: z.string().optional(),
  grants: z.array(grantSchema),
});
/** class `default privileges`: what ALTER DEFAULT PRIVILEGES has set, sorted. */
export const defaultPrivilegesSchema = z.object({
  role: z.string(),
  schema: z.string().nullable(),
  objects: z.enum(['TABLES', 'SEQUENCES', 'FUNCTIONS', 'TYPES', 'SCHEMAS', 'LARGE OBJECTS']),
  grants: z.array(grantSchema),
});
/** class `large objects`: all that share an owner and a set of privileges; one by one there can be millions. */
export const largeObjectsSchema = z.object({
  owner: z.string(),
  grants: z.array(grantSchema),
  /** Object ids in rising order with spaces between. A dump keeps them. */
  oids: z.string(),
});
/** class `publication` */
export const publicationSchema = z.object({
  allTables: z.boolean(),
  operations: z.array(z.enum(['insert', 'update', 'delete', 'truncate'])),
  viaRoot: z.boolean(),
  /** Qualified and quoted, sorted; columns are quoted, null for all of them; the row filter is an SQL expression. */
  tables: z.array(z.object({ table: z.string(), columns: z.array(z.string()).nullable(), filter: z.string().nullable() })),
  /** Names as they are, not quoted. */
  schemas: z.array(z.string()),
  /** From PostgreSQL 18 on; absent where generated columns are not published. */
  generatedColumns: z.literal('stored').optional(),
});
/** class `event trigger` */
export const eventTriggerSchema = z.object({
  event: z.string(),
  /** `public.on_ddl()` */
  function: z.string(),
  tags: z.array(z.string()),
  /** As in pg_event_trigger: O, D, R or A. */
  enabled: z.string(),
});
/** class `setting`: ALTER DATABASE ... SET (role null) and ALTER ROLE ... IN DATABASE ... SET; `ALTER ROLE ... SET` has inDatabase false. */
export const settingSchema = z.object({
  role: z.string().nullable(),
  inDatabase: z.boolean(),
  /** `name=value`, as the catalog keeps it. */
  setting: z.string(),
});
/** class `role` */
export const roleRecordSchema = z.object({
  superuser: z.boolean(),
  inherit: z.boolean(),
  createRole: z.boolean(),
  createDatabase: z.boolean(),
  login: z.boolean(),
  replication: z.boolean(),
  bypassRowSecurity: z.boolean(),
  connectionLimit: z.number().int(),
  /** In UTC, `2030-01-01T00:00:00.000000Z`; absent without one. */
  validUntil: z.string().optional(),
});
/** class `membership`: `member` is a member of `role`. The options are null on servers before 16. */
export const membershipRecordSchema = z.object({
  role: z.string(),
  member: z.string(),
  adminOption: z.boolean(),
  inheritOption: z.boolean().nullable(),
  setOption: z.boolean().nullable(),
});
/** class `cron job` (pg_cron) */
export const cronJobSchema = z.object({
  /** Null for a job without a name. */
  job: z.string().nullable(),
  schedule: z.string(),
  command: z.string(),
  /** Null for the backed-up database itself, whatever it is called. */
  database: z.string().nullable(),
  username: z.string(),
  active: z.boolean(),
});
/** class `extension` */
export const extensionRecordSchema = z.object({ version: z.string(), schema: z.string() });

/** class `webhook` */
export const webhookSchema = z.object({ table: z.string(), enabled: z.string().optional() });

/** The classes whose values somebody works with; of all others only whether they are the same counts. */
export const recordSchemas = {
  owner: ownerSchema,
  comment: commentSchema,
  privileges: privilegesSchema,
  'default privileges': defaultPrivilegesSchema,
  'large objects': largeObjectsSchema,
  publication: publicationSchema,
  'event trigger': eventTriggerSchema,
  setting: settingSchema,
  role: roleRecordSchema,
  membership: membershipRecordSchema,
  'cron job': cronJobSchema,
  extension: extensionRecordSchema,
  webhook: webhookSchema,
} as const satisfies Readonly<Record<string, z.ZodType>>;

/** How the catalog is spread over the files of an archive (database/catalog/NAME.jsonl), by class; all else is in `objects`. */
export const catalogFiles: Readonly<Record<string, readonly string[]>> = {
  roles: ['role', 'membership'],
  extensions: ['extension'],
  owners: ['owner'],
  comments: ['comment'],
  grants: ['privileges', 'default privileges', 'large objects'],
  publications: ['publication'],
  settings: ['setting'],
  'event-triggers': ['event trigger'],
  cron: ['cron job'],
  vault: ['vault secret'],
  webhooks: ['webhook'],
};
