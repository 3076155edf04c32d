import { beforeEach, expect, test } from 'vitest';
import type { TestRepository } from '../../helpers/borg.ts';
import { createTestDatabase, type TestDatabase } from '../../helpers/database.ts';
import type { TestProject } from '../../helpers/project.ts';
import {
  createBackedUpProject,
  expectComplete,
  expectRefused,
  expectRolledBack,
  restore,
  restorePart,
} from '../../helpers/restoring.ts';
import { archiveNames } from '../../helpers/scenario.ts';

/**
 * Orders with lines, which refer to products; an index whose function wants a search_path, which from 17 on it must have while the index
 * is made; a sequence that counts down.
 */
const shop = `
  CREATE FUNCTION public.squeeze(t text) RETURNS text LANGUAGE sql IMMUTABLE AS 'SELECT lower(trim(t))';
  CREATE FUNCTION public.normal(t text) RETURNS text LANGUAGE sql IMMUTABLE AS 'SELECT squeeze(t)';
  CREATE TABLE public.products (id integer PRIMARY KEY, name text);
  ALTER FUNCTION public.normal(text) SET search_path = public;
  CREATE INDEX ON public.products (normal(name));
  ALTER FUNCTION public.normal(text) RESET search_path;
  CREATE TABLE public.orders (id serial PRIMARY KEY, note text, "it's" text GENERATED ALWAYS AS (note || '!') STORED);
  CREATE TABLE public.lines (order_id integer REFERENCES public.orders, product_id integer REFERENCES public.products,
    number integer GENERATED ALWAYS AS IDENTITY (INCREMENT -5 START -5 MINVALUE -10000 MAXVALUE -1), PRIMARY KEY (order_id, product_id));
  CREATE TABLE public.log (line text);
  CREATE FUNCTION public.log_line() RETURNS trigger LANGUAGE plpgsql AS
    $$ BEGIN INSERT INTO public.log VALUES (NEW.order_id); RETURN NEW; END $$;
  INSERT INTO public.products SELECT n, 'Product ' || n FROM generate_series(1, 20) n;
  INSERT INTO public.orders (note) SELECT 'order ' || n FROM generate_series(1, 50) n;
  INSERT INTO public.lines (order_id, product_id) SELECT n, n % 20 + 1 FROM generate_series(1, 50) n;
  CREATE TRIGGER log_line AFTER INSERT ON public.lines FOR EACH ROW EXECUTE FUNCTION public.log_line()`;

const lines = ['--data-only', '--table', 'public.lines'];
const all = [...lines, '--table', 'public.orders', '--table', 'public.products'];

let source: TestDatabase;
let target: TestDatabase;
let project: TestProject;
let repository: TestRepository;

beforeEach(async () => {
  source = await createTestDatabase();
  target = await createTestDatabase();
  await source.query(shop);
  ({ project, repository } = await createBackedUpProject(source, target));
});

/** pg_dump cannot tell it: it would print rows with an empty search_path, which the index of products does not bear. */
async function readRows(
  database: TestDatabase,
): Promise<Record<'products' | 'orders' | 'lines' | 'log' | 'sequences', unknown[]>> {
  const [row] = await database.query<Awaited<ReturnType<typeof readRows>>>(`SELECT
    ARRAY(SELECT p::text FROM public.products p ORDER BY id) AS products, ARRAY(SELECT o::text FROM public.orders o ORDER BY id) AS orders,
    ARRAY(SELECT l::text FROM public.lines l ORDER BY 1) AS lines, ARRAY(SELECT line FROM public.log) AS log,
    ARRAY(SELECT s::text FROM pg_sequences s ORDER BY 1) AS sequences`);
  return row!;
}

test('rows are put back exactly into tables that are there, or not at all', async () => {
  expectRefused(
    await restorePart(project, ...lines),
    'The restore is not possible: sequence set lines_number_seq in schema public needs sequence lines_number_seq in schema public, which is neither on the target nor asked for; ' +
      'rows of table lines in schema public needs table lines in schema public, which is neither on the target nor asked for. Nothing was touched.',
  );
  expectComplete(await restorePart(project, '--only', 'schema'));
  const empty = await readRows(target);
  expect(empty).toMatchObject({ products: [], orders: [], lines: [], log: [] });

  const orphans = await restorePart(project, ...lines);
  expectRolledBack(orphans, 'rows of public.lines refer to rows of public.orders that are not there (lines_order_id_fkey)');
  expect(await readRows(target)).toEqual(empty);

  const filled = await restorePart(project, ...all);
  expectComplete(filled);
  expect(filled.document.plan).toMatchObject({ created: {}, replaced: [] });
  // No trigger fires for rows that are restored.
  expect(await readRows(target)).toEqual(await readRows(source));
});

test('rows that are there stay, or give way to those of the backup, as the user says', async () => {
  expectComplete(await restore(project, 'latest'));
  await target.query(`UPDATE public.lines SET product_id = 7 WHERE order_id < 4; DELETE FROM public.lines WHERE order_id = 20;
    INSERT INTO public.orders (note) VALUES ('new'); INSERT INTO public.lines (order_id, product_id) VALUES (51, 1), (1, 2), (1, 3)`);
  const changed = await readRows(target);
  const refusal = (tables: string): string =>
    `The restore is not possible: there are rows already in ${tables}: say --mode replace, or --mode append. Nothing was touched.`;
  expectRefused(await restorePart(project, ...lines), refusal('public.lines'));
  expectRefused(await restorePart(project, ...all), refusal('public.lines, public.orders, public.products'));
  const appended = await restorePart(project, ...lines, '--mode', 'append');
  expectRolledBack(appended, 'Key (order_id, product_id)=(1, 2) already exists.');
  // The lines of the new order would be left without it.
  const replacedOrders = await restorePart(project, '--data-only', '--table', 'public.orders', '--mode', 'replace');
  expectRolledBack(
    replacedOrders,
    'rows of public.lines refer to rows of public.orders that are not there (lines_order_id_fkey)',
  );
  const planned = await restorePart(project, ...lines, '--mode', 'replace', '--dry-run');
  expect(planned).toMatchObject({
    exitCode: 0,
    document: { dryRun: true, status: 'complete', plan: { replaced: ['the rows of public.lines'], created: {}, refusals: [] } },
  });
  expect(await readRows(target)).toEqual(changed);

  // A safety backup is made of a target that holds something, and of no other.
  const replaced = await restore(project, 'latest', ...lines, '--mode', 'replace');
  expectComplete(replaced);
  expect((await archiveNames(repository)).filter((name) => name.includes('pre-restore'))).toEqual([
    `${replaced.document.safetyBackup}-database`,
  ]);
  expect(await readRows(target)).toEqual({
    ...changed,
    lines: (await readRows(source)).lines,
    sequences: expect.anything() as never,
  });
  expect(await target.query("SELECT nextval('public.lines_number_seq')::int AS next")).toEqual([{ next: -255 }]);
});

test('appended rows come beside others, and no sequence goes back', async () => {
  expectComplete(await restore(project, 'latest'));
  await target.query(`DELETE FROM public.lines; DELETE FROM public.orders; SELECT setval('public.orders_id_seq', 2000);
    SELECT setval('public.lines_number_seq', -500); INSERT INTO public.orders (note) VALUES ('new');
    INSERT INTO public.lines (order_id, product_id) VALUES (2001, 1)`);
  const options = ['--data-only', '--table', 'public.orders', '--table', 'public.lines', '--mode', 'append'];
  expectComplete(await restorePart(project, ...options));
  const { orders, lines: found } = await readRows(target);
  expect([orders.length, found.length]).toEqual([51, 51]);
  expect(
    await target.query(
      "SELECT nextval('public.orders_id_seq')::int AS orders, nextval('public.lines_number_seq')::int AS lines",
    ),
  ).toEqual([{ orders: 2002, lines: -510 }]);
  await target.query("DELETE FROM public.lines; DELETE FROM public.orders; SELECT setval('public.orders_id_seq', 3, false)");
  expectComplete(await restorePart(project, ...options));
  expect(await target.query("SELECT nextval('public.orders_id_seq')::int AS orders")).toEqual([{ orders: 51 }]);
});
