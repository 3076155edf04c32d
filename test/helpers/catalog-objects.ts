/** Names that break quoting, lines and sorting. They are the same in SQL and in what `pg_identify_object` says. */
const oddSchema = `"Odd schema, ""quoted"" 🐘"`;
export const oddTable = `${oddSchema}."it's a ; table\nof two lines"`;

/** What the groups below build on: roles of the server, made once, and schemas. */
export const catalogRoles = `
  CREATE ROLE app_owner;
  CREATE ROLE "app reader" LOGIN CONNECTION LIMIT 7 VALID UNTIL '2030-01-01 00:00:00+00';
  CREATE ROLE "Über ""admin""" CREATEROLE CREATEDB;
  GRANT app_owner TO "app reader", "Über ""admin""" WITH ADMIN OPTION;
  GRANT pg_monitor TO "app reader";
  ALTER ROLE "app reader" SET statement_timeout = '3s';
  ALTER ROLE "app reader" SET search_path = public, "$user";
  COMMENT ON ROLE "app reader" IS 'Reads
-- and writes';
  GRANT SET ON PARAMETER log_min_duration_statement TO app_owner;
  GRANT ALTER SYSTEM ON PARAMETER log_min_duration_statement TO "app reader" WITH GRANT OPTION`;

export const catalogSchemas = `CREATE SCHEMA app AUTHORIZATION app_owner; CREATE SCHEMA ${oddSchema};`;

/** Each can be made before or after any other. */
export const catalogGroups: readonly string[] = [
  `CREATE TABLE app.notes (
     gone integer, id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, body text NOT NULL DEFAULT 'it''s', also_gone integer,
     length integer GENERATED ALWAYS AS (pg_catalog.length(body)) STORED, code varchar(80) COLLATE "C" UNIQUE,
     price numeric(10, 2) CONSTRAINT positive CHECK (price > 0), kept serial);
   ALTER TABLE app.notes DROP gone, DROP also_gone;
   ALTER TABLE app.notes ALTER body SET STORAGE EXTERNAL, ALTER body SET STATISTICS 77, ALTER body SET (n_distinct = -0.5),
     ALTER code SET COMPRESSION pglz, SET (fillfactor = 70, toast.autovacuum_enabled = false), ENABLE ROW LEVEL SECURITY;
   CREATE INDEX "notes by price" ON app.notes (price DESC NULLS LAST, (lower(body))) INCLUDE (code) WHERE price > 1;
   ALTER INDEX app."notes by price" ALTER COLUMN 2 SET STATISTICS 500;
   ALTER TABLE app.notes CLUSTER ON notes_pkey, REPLICA IDENTITY USING INDEX notes_pkey;
   CREATE POLICY mine ON app.notes AS RESTRICTIVE FOR UPDATE TO app_owner, "app reader" USING (id > 1) WITH CHECK (id > 2);
   CREATE POLICY "all; of it" ON app.notes USING (true);
   CREATE RULE quiet AS ON DELETE TO app.notes WHERE old.id < 0 DO INSTEAD NOTHING;
   CREATE STATISTICS app.notes_stats (dependencies, mcv) ON body, code FROM app.notes;
   ALTER STATISTICS app.notes_stats SET STATISTICS 50;
   CREATE STATISTICS app.notes_plain ON price, code FROM app.notes;
   GRANT SELECT, INSERT ON app.notes TO "app reader" WITH GRANT OPTION; GRANT UPDATE (body, code) ON app.notes TO PUBLIC;
   GRANT USAGE ON SEQUENCE app.notes_kept_seq TO PUBLIC;
   COMMENT ON TABLE app.notes IS 'A table'; COMMENT ON COLUMN app.notes.body IS 'A column';
   COMMENT ON CONSTRAINT positive ON app.notes IS 'A constraint'; COMMENT ON INDEX app."notes by price" IS 'An index';
   COMMENT ON POLICY mine ON app.notes IS 'A policy'; COMMENT ON RULE quiet ON app.notes IS 'A rule';
   SELECT setval('app.notes_kept_seq', 41)`,
  `CREATE UNLOGGED TABLE ${oddTable} ("a ""column""" integer REFERENCES ${oddTable} DEFERRABLE, "ключ\n2" uuid, PRIMARY KEY ("a ""column"""));
   ALTER TABLE ${oddTable} OWNER TO "Über ""admin""";
   ALTER TABLE ${oddTable} ADD CONSTRAINT "not yet; valid" CHECK ("a ""column""" > 5) NOT VALID, FORCE ROW LEVEL SECURITY;
   ALTER TABLE ${oddTable} DISABLE TRIGGER ALL;
   COMMENT ON TABLE ${oddTable} IS 'odd'; GRANT SELECT ("ключ\n2") ON ${oddTable} TO "app reader"`,
  `CREATE TABLE app.events (at date NOT NULL, kind text) PARTITION BY RANGE (at);
   CREATE TABLE app.events_2026 PARTITION OF app.events FOR VALUES FROM ('2026-01-01') TO ('2027-01-01');
   CREATE TABLE app.events_rest PARTITION OF app.events DEFAULT;
   CREATE INDEX events_kind ON app.events (kind);
   CREATE FUNCTION app.on_event() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';
   CREATE TRIGGER stamp BEFORE INSERT OR UPDATE OF kind ON app.events FOR EACH ROW EXECUTE FUNCTION app.on_event('a', 'b''c');
   CREATE TRIGGER "after; all" AFTER TRUNCATE ON app.events_rest FOR EACH STATEMENT EXECUTE FUNCTION app.on_event();
   ALTER TABLE app.events_rest DISABLE TRIGGER "after; all";
   CREATE CONSTRAINT TRIGGER late AFTER INSERT ON app.events_2026 DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION app.on_event();
   COMMENT ON TRIGGER "after; all" ON app.events_rest IS 'A trigger'`,
  `CREATE TABLE app.parent_one (a integer); CREATE TABLE app.parent_two (b integer);
   CREATE TABLE app.child (c integer) INHERITS (app.parent_two, app.parent_one)`,
  `CREATE TYPE app.address AS (street text, city text COLLATE "C"); CREATE TYPE app.nothing AS ();
   COMMENT ON COLUMN app.address.city IS 'of a type'; COMMENT ON TYPE app.address IS 'a type'; GRANT USAGE ON TYPE app.address TO app_owner;
   CREATE TABLE app.addresses OF app.address (PRIMARY KEY (street))`,
  `CREATE TYPE app.mood AS ENUM ('sad', 'it''s', 'happy'); ALTER TYPE app.mood ADD VALUE 'so so' BEFORE 'happy';
   CREATE TYPE ${oddSchema}."Enum" AS ENUM (); ALTER TYPE app.mood OWNER TO app_owner; REVOKE USAGE ON TYPE app.mood FROM PUBLIC`,
  `CREATE TYPE app.floats AS RANGE (subtype = float8, subtype_diff = float8mi, multirange_type_name = app.many_floats);
   CREATE TYPE app.words AS RANGE (subtype = text, collation = "C")`,
  `CREATE TYPE app.shell; CREATE TYPE app.my_int;
   CREATE FUNCTION app.my_int_in(cstring) RETURNS app.my_int IMMUTABLE STRICT LANGUAGE internal AS 'int4in';
   CREATE FUNCTION app.my_int_out(app.my_int) RETURNS cstring IMMUTABLE STRICT LANGUAGE internal AS 'int4out';
   CREATE TYPE app.my_int (INPUT = app.my_int_in, OUTPUT = app.my_int_out, LIKE = integer, DEFAULT = '7');
   CREATE CAST (app.my_int AS integer) WITHOUT FUNCTION AS ASSIGNMENT; CREATE CAST (app.my_int AS boolean) WITH INOUT`,
  `CREATE DOMAIN app.percent AS numeric(5, 2) DEFAULT 0 NOT NULL CONSTRAINT range CHECK (VALUE BETWEEN 0 AND 100);
   CREATE DOMAIN ${oddSchema}."Short text" AS varchar(9) COLLATE "C";
   COMMENT ON CONSTRAINT range ON DOMAIN app.percent IS 'of a domain'; COMMENT ON DOMAIN app.percent IS 'a domain'`,
  `CREATE FUNCTION app.area(width integer, height integer DEFAULT 1) RETURNS bigint LANGUAGE sql IMMUTABLE PARALLEL SAFE
     SET work_mem = '8MB' RETURN width * height;
   CREATE FUNCTION app.area(text) RETURNS SETOF text LANGUAGE plpgsql SECURITY DEFINER ROWS 7 AS $body$
BEGIN
  -- a comment, 🐘
  RETURN QUERY SELECT $1;
END $body$;
   CREATE PROCEDURE app.tidy(INOUT n integer) LANGUAGE sql BEGIN ATOMIC SELECT n + 1; END;
   CREATE PROCEDURE ${oddSchema}."do it"() LANGUAGE sql AS 'SELECT 1';
   REVOKE EXECUTE ON FUNCTION app.area(text) FROM PUBLIC; GRANT EXECUTE ON FUNCTION app.area(text) TO "app reader";
   COMMENT ON FUNCTION app.area(text) IS 'a function'; ALTER FUNCTION app.area(text) OWNER TO app_owner;
   ALTER FUNCTION app.area(text) DEPENDS ON EXTENSION plpgsql`,
  `CREATE AGGREGATE app.total(numeric) (SFUNC = numeric_add, STYPE = numeric, INITCOND = '0', PARALLEL = SAFE, COMBINEFUNC = numeric_add);
   CREATE AGGREGATE app.middle(float8 ORDER BY numeric) (SFUNC = ordered_set_transition, STYPE = internal,
     FINALFUNC = percentile_disc_final, FINALFUNC_EXTRA)`,
  `CREATE VIEW app.now_and_then WITH (security_invoker = true) AS SELECT 1 AS a, 'x'::text AS "B b";
   ALTER VIEW app.now_and_then ALTER a SET DEFAULT 5; COMMENT ON COLUMN app.now_and_then.a IS 'of a view';
   CREATE VIEW ${oddSchema}.v AS SELECT generate_series(1, 2) AS n;
   CREATE MATERIALIZED VIEW app.kept WITH (fillfactor = 50) AS SELECT 1 AS a; CREATE UNIQUE INDEX ON app.kept (a);
   CREATE MATERIALIZED VIEW app.empty AS SELECT 2 AS b WITH NO DATA`,
  `CREATE SEQUENCE app.counter AS smallint START 5 INCREMENT -1 MINVALUE -7 MAXVALUE 9 CACHE 3 CYCLE;
   CREATE SEQUENCE ${oddSchema}."Seq"; GRANT USAGE ON SEQUENCE ${oddSchema}."Seq" TO PUBLIC`,
  `CREATE FUNCTION app.same(integer, integer) RETURNS boolean LANGUAGE sql IMMUTABLE RETURN $1 = $2;
   CREATE OPERATOR app.=== (FUNCTION = app.same, LEFTARG = integer, RIGHTARG = integer, COMMUTATOR = OPERATOR(app.===), HASHES);
   CREATE OPERATOR app.!! (FUNCTION = numeric_uminus, RIGHTARG = numeric);
   CREATE OPERATOR FAMILY app.ints USING btree; ALTER OPERATOR FAMILY app.ints USING btree ADD
     OPERATOR 1 < (integer, bigint), FUNCTION 1 (integer, bigint) btint48cmp(integer, bigint);
   CREATE OPERATOR CLASS app.int_class FOR TYPE integer USING btree FAMILY app.ints AS OPERATOR 3 =, FUNCTION 1 btint4cmp(integer, integer);
   CREATE OPERATOR CLASS app.text_class FOR TYPE text USING hash AS OPERATOR 1 =, FUNCTION 1 hashtext(text)`,
  `CREATE COLLATION app.bytes (provider = libc, locale = 'C'); CREATE COLLATION ${oddSchema}."Bytes 2" FROM "POSIX";
   CREATE CONVERSION app.to_latin FOR 'UTF8' TO 'LATIN1' FROM utf8_to_iso8859_1;
   CREATE DEFAULT CONVERSION ${oddSchema}.c FOR 'LATIN1' TO 'UTF8' FROM iso8859_1_to_utf8`,
  `CREATE TEXT SEARCH DICTIONARY app.words (TEMPLATE = simple, STOPWORDS = english);
   CREATE TEXT SEARCH CONFIGURATION app.english (COPY = pg_catalog.english);
   ALTER TEXT SEARCH CONFIGURATION app.english ALTER MAPPING FOR asciiword WITH app.words, english_stem;
   CREATE TEXT SEARCH TEMPLATE app.template (LEXIZE = dsimple_lexize, INIT = dsimple_init);
   CREATE TEXT SEARCH PARSER app.parser (START = prsd_start, GETTOKEN = prsd_nexttoken, END = prsd_end, LEXTYPES = prsd_lextype);
   CREATE TEXT SEARCH CONFIGURATION ${oddSchema}.bare (PARSER = app.parser)`,
  `CREATE TRUSTED LANGUAGE other HANDLER plpgsql_call_handler; GRANT USAGE ON LANGUAGE other TO app_owner;
   CREATE FUNCTION app.from_sql(internal) RETURNS internal LANGUAGE internal IMMUTABLE STRICT AS 'numeric_out';
   CREATE TRANSFORM FOR date LANGUAGE other (FROM SQL WITH FUNCTION app.from_sql(internal));
   CREATE ACCESS METHOD other_heap TYPE TABLE HANDLER heap_tableam_handler; COMMENT ON ACCESS METHOD other_heap IS 'an access method'`,
  `CREATE FOREIGN DATA WRAPPER wrapper OPTIONS (api_key 'secret-of-wrapper', debug 'true');
   CREATE SERVER server TYPE 't' VERSION '1' FOREIGN DATA WRAPPER wrapper OPTIONS (host 'h', access_token 'secret-of-server');
   CREATE SERVER "Server 2" FOREIGN DATA WRAPPER wrapper; GRANT USAGE ON FOREIGN SERVER server TO app_owner;
   CREATE USER MAPPING FOR "app reader" SERVER server OPTIONS (username 'u', password 'secret-of-user');
   CREATE USER MAPPING FOR PUBLIC SERVER "Server 2";
   CREATE FOREIGN TABLE app.far (id integer OPTIONS (column_name 'ID') NOT NULL, note text DEFAULT 'x') SERVER server OPTIONS (t 'far', apikey 'secret-of-table');
   COMMENT ON SERVER server IS 'a server'; ALTER SERVER "Server 2" OWNER TO app_owner`,
  `CREATE TABLE app.published (id integer PRIMARY KEY, name text); CREATE TABLE app.whole (id integer);
   CREATE PUBLICATION "some; of it" FOR TABLE app.published (name, id) WHERE (id > 3), app.whole WITH (publish = 'insert, delete');
   CREATE PUBLICATION "of schemas" FOR TABLES IN SCHEMA ${oddSchema} WITH (publish_via_partition_root = true);
   CREATE SUBSCRIPTION never CONNECTION 'host=nowhere password=secret-of-subscription' PUBLICATION p WITH (connect = false, slot_name = NONE)`,
  `CREATE FUNCTION app.on_ddl() RETURNS event_trigger LANGUAGE plpgsql AS 'BEGIN END';
   CREATE EVENT TRIGGER "watch it" ON ddl_command_end WHEN TAG IN ('CREATE TABLE', 'ALTER TABLE') EXECUTE FUNCTION app.on_ddl();
   CREATE EVENT TRIGGER off ON sql_drop EXECUTE FUNCTION app.on_ddl(); ALTER EVENT TRIGGER off DISABLE`,
  `CREATE EXTENSION pgcrypto SCHEMA app; COMMENT ON EXTENSION pgcrypto IS 'an extension'`,
  `SELECT lo_create(990001), lo_create(990002), lo_create(990003); ALTER LARGE OBJECT 990003 OWNER TO app_owner;
   GRANT SELECT ON LARGE OBJECT 990002 TO PUBLIC; COMMENT ON LARGE OBJECT 990001 IS 'a large object'`,
  `CREATE SCHEMA supabase_functions;
   CREATE FUNCTION supabase_functions.http_request() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END';
   CREATE TABLE app.hooked (id integer);
   CREATE TRIGGER "call home" AFTER INSERT OR DELETE ON app.hooked FOR EACH ROW EXECUTE FUNCTION supabase_functions.http_request(
     'https://user:secret-of-user@example.com/hook?token=secret-of-query', 'POST', '{"apikey":"secret-of-header"}', '{}', '1000')`,
  `CREATE SCHEMA cron; CREATE TABLE cron.job (jobid bigserial, schedule text, command text, nodename text, nodeport integer, database text,
     username text, active boolean, jobname text);
   INSERT INTO cron.job (schedule, command, database, username, active, jobname) VALUES
     ('* * * * *', 'SELECT 1', current_database(), 'postgres', true, 'tick'), ('@daily', 'VACUUM', 'elsewhere', 'postgres', false, NULL),
     ('@daily', 'SELECT 2', current_database(), 'app reader', true, 'tick')`,
  `CREATE SCHEMA vault; CREATE TABLE vault.secrets (id uuid, name text, secret text);
   INSERT INTO vault.secrets VALUES ('4ec4bd3c-2eda-4ea2-9d6c-0bb4a45fd8f9', 'stripe', 'secret-of-vault'), ('00000000-0000-4000-8000-000000000000', NULL, 'secret-of-vault')`,
  // No provider of labels comes with PostgreSQL.
  `CREATE TABLE app.labelled (); SET allow_system_table_mods = on;
   INSERT INTO pg_seclabel SELECT 'app.labelled'::regclass, 'pg_class'::regclass, 0, 'dummy', 'one'; RESET allow_system_table_mods`,
];

/** Changes what is made after it, so it comes last. */
export const catalogDefaults = `ALTER DEFAULT PRIVILEGES IN SCHEMA app GRANT SELECT ON TABLES TO "app reader";
   ALTER DEFAULT PRIVILEGES FOR ROLE app_owner REVOKE EXECUTE ON FUNCTIONS FROM PUBLIC;
   ALTER DEFAULT PRIVILEGES FOR ROLE app_owner GRANT USAGE ON TYPES TO "Über ""admin""" WITH GRANT OPTION`;
