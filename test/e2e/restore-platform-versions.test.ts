import { expect, test } from 'vitest';
import { contentSettings } from '../../src/catalog/content-settings.ts';
import { runAgent, type AgentResult } from '../helpers/agent.ts';
import { loadHostileSource, startPlatformCluster, type PlatformCluster, type PlatformVersion } from '../helpers/platform.ts';
import type { RestoreDocument } from '../helpers/restoring.ts';
import { createInitializedProject, dumpText } from '../helpers/scenario.ts';

interface Pair {
  readonly source: PlatformCluster;
  readonly target: PlatformCluster;
  /** `agent restore latest` into the target, as `postgres`. */
  restore(...options: readonly string[]): Promise<AgentResult>;
  compare(): Promise<AgentResult>;
}

/** A backup of one version of the platform, and an empty project of another. */
async function backUp(
  [from, to]: readonly [PlatformVersion, PlatformVersion],
  fill: (source: PlatformCluster) => Promise<unknown>,
): Promise<Pair> {
  const source = await startPlatformCluster({ version: from });
  await fill(source);
  const target = await startPlatformCluster({ version: to });
  const variables = { VERIFY_CONTENT: 'true' };
  const { project } = await createInitializedProject({ database: source.postgres, target: target.postgres, variables });
  const run = (...args: readonly string[]): Promise<AgentResult> => runAgent([...args, '--env-file', project.envFile]);
  expect(await run('backup')).toMatchObject({ exitCode: 0, stderr: '' });
  const fixed = ['restore', 'latest', '--to', 'test', '--confirm', 'shop-test', '--no-safety-backup'];
  const compare = (): Promise<AgentResult> => run('compare', 'latest', '--to', 'test', '--json');
  return { source, target, compare, restore: (...options) => run(...fixed, ...options) };
}

/** The hostile source, without secrets: the key of another project cannot read them, whatever its version. */
async function fillHostile(source: PlatformCluster): Promise<void> {
  await loadHostileSource(source, { superuserPart: false });
  await source.administrator.query('DELETE FROM vault.secrets');
}

/** All columns of the tables of auth and storage but those in which the platform keeps records of itself. */
const columnsQuery = `
  SELECT format('%I.%I', table_schema, table_name) AS "table", array_agg(format('%I', column_name) ORDER BY column_name) AS columns
    FROM information_schema.columns
   WHERE table_schema IN ('auth', 'storage') AND table_name NOT IN ('schema_migrations', 'migrations', 'buckets_vectors')
   GROUP BY 1`;

/** Compares the rows of all tables that both have, in the columns that both have; answers how many rows of which tables that were. */
async function expectSameRows({ source, target }: Pair): Promise<Record<string, number>> {
  const [ours, theirs] = await Promise.all(
    [source, target].map(async ({ administrator }) => {
      const rows = await administrator.query<{ table: string; columns: string[] }>(columnsQuery);
      return new Map(rows.map(({ table, columns }) => [table, columns]));
    }),
  );
  const counts: Record<string, number> = {};
  for (const [table, columns] of ours!) {
    const common = columns.filter((column) => theirs!.get(table)?.includes(column));
    if (common.length === 0) continue;
    const query = `${contentSettings}; SELECT ROW(${common.join(', ')})::text AS row FROM ${table} ORDER BY 1`;
    const expected = await source.administrator.query(query);
    expect(await target.administrator.query(query), table).toEqual(expected);
    counts[table] = expected.length;
  }
  return counts;
}

/** That so many are compared is what makes a comparison of them worth something. */
const rowsOfBoth = {
  'auth.users': 12,
  'auth.identities': 12,
  'auth.sessions': 3,
  'auth.refresh_tokens': 3,
  'auth.audit_log_entries': 3,
  'storage.buckets': 3,
  'storage.objects': 34,
  'storage.s3_multipart_uploads': 1,
};

const noPlace = (table: string, schema: string, columns: string): string =>
  `rows of table ${table} in schema ${schema}: the target's table has no place for ${columns}`;
const noTable = (table: string, schema: string, rows: number): string =>
  `table ${table} in schema ${schema}: the target's platform does not have it, nor a place for its ${rows} rows`;

interface Crossing {
  readonly versions: readonly [PlatformVersion, PlatformVersion];
  readonly options?: readonly string[];
  readonly rows: Readonly<Record<string, number>>;
  /** What does not come back. */
  readonly lost: readonly string[];
  /** What stays as the target has it, among others. */
  readonly kept: readonly string[];
  /** Tables whose rows are not there: what a comparison with the whole finds. */
  readonly missing: readonly { readonly what: string; readonly expected: number; readonly found: null }[];
  /** Tables of which only the number of rows can be compared. */
  readonly uncompared: readonly string[];
}

const absent = (what: string): string => `${what}: the target's platform does not have it`;

const crossings: readonly Crossing[] = [
  {
    versions: ['current', 'older'],
    rows: rowsOfBoth,
    lost: [
      noTable('one_time_tokens', 'auth', 12),
      noPlace('users', 'auth', 'is_anonymous'),
      noPlace('buckets', 'storage', 'type'),
      noPlace('objects', 'storage', 'user_metadata'),
      noPlace('s3_multipart_uploads', 'storage', 'user_metadata, metadata'),
    ],
    kept: [
      absent('type one_time_token_type in schema auth'),
      absent('function protect_delete() in schema storage'),
      absent('table buckets_vectors in schema storage'),
      'rows of table schema_migrations in schema auth: the platform keeps its own there',
      'rows of table migrations in schema storage: the platform keeps its own there',
    ],
    missing: [{ what: 'table auth.one_time_tokens', expected: 12, found: null }],
    uncompared: [
      'table auth.users (it does not have the columns is_anonymous)',
      'table storage.buckets (it does not have the columns type)',
      'table storage.objects (it does not have the columns user_metadata)',
      'table storage.s3_multipart_uploads (it does not have the columns user_metadata, metadata)',
    ],
  },
  {
    versions: ['current', 'newer'],
    rows: { ...rowsOfBoth, 'auth.one_time_tokens': 12 },
    lost: [],
    kept: ['rows of table schema_migrations in schema auth: the platform keeps its own there'],
    missing: [],
    uncompared: [],
  },
  {
    versions: ['older', 'current'],
    options: ['--jobs', '2'],
    rows: rowsOfBoth,
    lost: [noTable('prefixes', 'storage', 8), noPlace('objects', 'storage', 'level')],
    kept: ['rows of table identities in schema auth: the target computes email itself'],
    missing: [{ what: 'table storage.prefixes', expected: 8, found: null }],
    uncompared: ['table storage.objects (it does not have the columns level)'],
  },
];

test.each(crossings)(
  'of $versions rows arrive in the columns that both have, and the rest is named before and after',
  async ({ versions, options = [], rows, lost, kept, missing, uncompared }) => {
    const pair = await backUp(versions, fillHostile);
    const { target, restore, compare } = pair;
    const ownVersion = () => target.administrator.query('SELECT max(version) FROM auth.schema_migrations');
    const before = await ownVersion();
    const empty = await dumpText(target.administrator);

    const text = await restore('--dry-run', ...options);
    expect(text).toMatchObject({ exitCode: 0, stderr: '' });
    const heading = 'This would not come back, since the target does not allow it:\n';
    expect(sectionOf(text.stdout, heading)).toEqual(lost);
    const planned = (await restore('--dry-run', '--json', ...options)).json<RestoreDocument>();
    expect(planned.plan).toMatchObject({ kind: 'hosted', refusals: [], losses: [] });
    expect(linesOf(planned.plan.forbidden)).toEqual(lost);
    expect(linesOf(planned.plan.skipped)).toEqual(expect.arrayContaining([...kept]));
    expect(await dumpText(target.administrator)).toBe(empty);

    const restored = await restore(...options);
    expect(restored).toMatchObject({ exitCode: lost.length === 0 ? 0 : 3, stderr: '' });
    const verdict =
      lost.length === 0 ? 'Everything that the backup holds is there.' : 'Not everything that the backup holds is there';
    expect(restored.stdout).toContain(`\n${verdict}`);
    expect(restored.stdout.match(/(?<=^Not restored: ).*$/gm) ?? []).toEqual(lost);
    expect(restored.stdout).not.toMatch(/Refused by the target|nothing has foretold/);
    expect(await expectSameRows(pair)).toEqual(rows);
    expect(await ownVersion()).toEqual(before);

    const compared = await compare();
    const document = compared.json<RestoreDocument>();
    expect({ exitCode: compared.exitCode, differences: document.comparison!.differences }).toEqual({
      exitCode: missing.length === 0 ? 0 : 22,
      differences: missing,
    });
    expect(document.comparison).toMatchObject({ changedContents: [], uncompared, privilegeLeaks: [] });
    expect(document.comparison!.catalog.filter(({ verdict: judged }) => judged === 'lost')).toEqual([]);
  },
);

function linesOf(items: readonly { readonly what: string; readonly why: string }[]): string[] {
  return items.map(({ what, why }) => `${what}: ${why}`);
}

/** The entries below a heading of a plan. */
function sectionOf(text: string, heading: string): string[] {
  const [, section = ''] = text.split(heading);
  return (/^(  - .*\n?)*/.exec(section)?.[0] ?? '')
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => line.slice('  - '.length));
}

test('what users make of parts that only another version has is not left out without being asked', async () => {
  const pair = await backUp(['current', 'older'], async ({ postgres }) => {
    await postgres.query(`
      INSERT INTO auth.users (id, email, is_anonymous) VALUES ('00000000-0000-4000-8000-000000000001', 'a@example.org', true);
      INSERT INTO auth.identities (provider_id, user_id, identity_data, provider)
        SELECT 'a', id, '{"email": "A@example.org"}', 'email' FROM auth.users;
      CREATE TABLE public.notes (id integer PRIMARY KEY, author uuid REFERENCES auth.users);
      INSERT INTO public.notes SELECT 1, id FROM auth.users;
      CREATE TABLE public.kinds (name text, type storage.buckettype);
      INSERT INTO public.kinds VALUES ('one', 'VECTOR');
      CREATE VIEW public.anonymous AS SELECT id FROM auth.users WHERE is_anonymous;`);
  });
  const { target, restore, compare } = pair;
  const empty = await dumpText(target.administrator);
  const losses = [
    'table kinds in schema public (it needs type buckettype in schema storage: enable on the target what brings it)',
    'rows of table kinds in schema public (it needs table kinds in schema public)',
  ];
  const planned = await restore('--dry-run');
  expect(planned).toMatchObject({ exitCode: 0, stderr: '' });
  expect(sectionOf(planned.stdout, 'It needs --allow-incomplete, because this would be lost:\n')).toEqual(losses);
  const refused = await restore('--json');
  expect(refused).toMatchObject({ exitCode: 2, stderr: '' });
  expect(refused.json<RestoreDocument>().error).toMatchObject({
    code: 'backup_incomplete',
    message: `Not everything could be restored: ${losses.join('; ')}. Nothing was touched.`,
  });
  expect(await dumpText(target.administrator)).toBe(empty);

  // What the plan cannot know, since it does not read the definition of a view, the target refuses when it is tried.
  const restored = await restore('--allow-incomplete', '--json');
  expect(restored).toMatchObject({ exitCode: 3, stderr: '' });
  const { status, plan, skipped, comparison } = restored.json<RestoreDocument>();
  expect({ status, losses: plan.losses, forbidden: linesOf(plan.forbidden) }).toEqual({
    status: 'incomplete',
    losses,
    forbidden: [noPlace('users', 'auth', 'is_anonymous')],
  });
  expect(skipped).toEqual([
    expect.stringMatching(/^view anonymous in schema public: column "?users.is_anonymous"? does not exist/),
  ]);
  expect(comparison).toMatchObject({
    differences: [{ what: 'table public.kinds', expected: 1, found: null }],
    changedContents: [],
  });
  expect(await expectSameRows(pair)).toMatchObject({ 'auth.users': 1, 'auth.identities': 1 });
  expect(
    await target.postgres.query('SELECT count(*)::integer AS notes FROM public.notes JOIN auth.users ON author = users.id'),
  ).toEqual([{ notes: 1 }]);
  expect((await compare()).exitCode).toBe(22);
});
