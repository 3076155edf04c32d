import { expect, test } from 'vitest';
import { readRestored } from '../../src/apply/drill/read-restored.ts';
import type { RestoredFacts } from '../../src/domain/drill/restored-facts.ts';
import { connect } from '../../src/tools/postgres/session.ts';
import { createTestDatabase } from '../helpers/database.ts';

/** What a drill finds in a database of these statements. */
async function read(sql: string): Promise<RestoredFacts> {
  const database = await createTestDatabase();
  await database.query(sql);
  const session = await connect(database.config, new AbortController().signal);
  try {
    return await readRestored(session, '"$user", public');
  } finally {
    await session.close();
  }
}

test('each column that takes its numbers from a sequence is compared with it, whoever owns that', async () => {
  const { sequences } = await read(`
    CREATE DOMAIN number AS bigint;
    CREATE DOMAIN "odd (number)" AS number;
    CREATE SEQUENCE shared;
    CREATE TABLE one (id int DEFAULT nextval('shared'), key "odd (number)" DEFAULT nextval('shared'));
    CREATE TABLE two (id numeric(20, 2) PRIMARY KEY DEFAULT nextval('shared'));
    INSERT INTO one VALUES (7, 8);
    INSERT INTO two VALUES (99.5), ('NaN');
    CREATE SEQUENCE down INCREMENT -1;
    CREATE TABLE falling (id numeric DEFAULT nextval('down'));
    INSERT INTO falling VALUES (-7.5), (3);
    CREATE SEQUENCE labels;
    CREATE TABLE labelled (id text DEFAULT 'L' || nextval('labels'), plain text DEFAULT nextval('labels'), tens int DEFAULT nextval('labels') * 10);
    CREATE TABLE parts (id bigserial, day int) PARTITION BY LIST (day);
    CREATE TABLE parts_1 PARTITION OF parts FOR VALUES IN (1);
    INSERT INTO parts (day) VALUES (1), (1);
    CREATE TABLE identified (id int GENERATED ALWAYS AS IDENTITY (INCREMENT 5));
    CREATE TABLE owner (id int);
    CREATE SEQUENCE owned OWNED BY owner.id;`);
  const more = 'its default is more than the next number';
  const found = sequences.map(({ name, column, next, extreme, error }) => [name, column, next ?? error, extreme]);
  expect(found).toEqual([
    ['public.down', 'public.falling.id', '-1', '-7'],
    ['public.identified_id_seq', 'public.identified.id', '1', null],
    ['public.labels', 'public.labelled.id', more, null],
    ['public.labels', 'public.labelled.plain', 'it is of the type text', null],
    ['public.labels', 'public.labelled.tens', more, null],
    ['public.parts_id_seq', 'public.parts.id', '3', '2'],
    ['public.shared', 'public.one.id', '1', '7'],
    ['public.shared', 'public.one.key', '1', '8'],
    ['public.shared', 'public.two.id', '1', 'NaN'],
  ]);
});

test('a row that refers with some of its columns only has no place in a foreign key of MATCH FULL', async () => {
  const { foreignKeys } = await read(`
    CREATE TABLE parents (a int, b int, PRIMARY KEY (a, b));
    CREATE TABLE simple (a int, b int, FOREIGN KEY (a, b) REFERENCES parents);
    CREATE TABLE "full" (a int, b int, FOREIGN KEY (a, b) REFERENCES parents MATCH FULL);
    CREATE TABLE whole (a int, b int, FOREIGN KEY (a, b) REFERENCES parents MATCH FULL);
    CREATE TABLE orphans (a int, b int, FOREIGN KEY (a, b) REFERENCES parents MATCH FULL);
    INSERT INTO parents VALUES (1, 1);
    SET session_replication_role = replica;
    INSERT INTO simple VALUES (1, NULL);
    INSERT INTO "full" VALUES (1, NULL);
    INSERT INTO whole VALUES (1, 1), (NULL, NULL);
    INSERT INTO orphans VALUES (2, 2);`);
  expect(foreignKeys.map(({ name, orphans, error }) => [name, orphans, error])).toEqual([
    ['full_a_b_fkey of public."full"', true, undefined],
    ['orphans_a_b_fkey of public.orphans', true, undefined],
    ['simple_a_b_fkey of public.simple', false, undefined],
    ['whole_a_b_fkey of public.whole', false, undefined],
  ]);
});

test('of a view that cannot be read it is known what the server has said', async () => {
  const { views } = await read(`
    CREATE SEQUENCE s;
    CREATE VIEW counting AS SELECT nextval('s');
    CREATE FUNCTION wants() RETURNS int LANGUAGE plpgsql AS $$ BEGIN RETURN missing(1); END $$;
    CREATE VIEW wanting AS SELECT wants();
    CREATE VIEW good AS SELECT 1;`);
  expect(views.map(({ name, sqlState, error }) => [name, sqlState, error])).toEqual([
    ['public.counting', '25006', 'cannot execute nextval() in a read-only transaction'],
    ['public.good', undefined, undefined],
    ['public.wanting', '42883', 'function missing(integer) does not exist'],
  ]);
});
