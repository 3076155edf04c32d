import { randomUUID } from 'node:crypto';
import { existsSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { runAgent } from '../../helpers/agent.ts';
import { createTestDatabase } from '../../helpers/database.ts';
import { findingsOf } from '../../helpers/drilling.ts';
import { createInitializedProject } from '../../helpers/scenario.ts';
import { createTemporaryDirectory } from '../../helpers/temporary-directory.ts';

/** Only in the database of a drill: the source of a test has superusers, too. */
const isDrill = "pg_catalog.current_database() OPERATOR(pg_catalog.=) 'drill'";

/** What a backup may hold to get at the machine that it is restored on. Each writes a file of its own when it has got there. */
const escapes = (place: string, maker: string): string => `
  CREATE SCHEMA evil;
  GRANT ALL ON SCHEMA evil TO ${maker};

  -- An operator that whoever connects runs, with a search_path that the database brings along.
  CREATE FUNCTION evil.escape() RETURNS void LANGUAGE plpgsql AS $$
    BEGIN
      IF ${isDrill} THEN COPY (SELECT 1) TO PROGRAM 'cat > ${place}-operator'; END IF;
    EXCEPTION WHEN insufficient_privilege THEN NULL;
    END $$;
  CREATE FUNCTION evil.equal(text, text) RETURNS boolean IMMUTABLE LANGUAGE plpgsql AS $$
    BEGIN
      PERFORM evil.escape();
      RETURN $1 OPERATOR(pg_catalog.=) $2;
    END $$;
  CREATE OPERATOR evil.= (LEFTARG = text, RIGHTARG = text, FUNCTION = evil.equal);

  -- A role that may create roles, and before PostgreSQL 16 give itself others'.
  CREATE FUNCTION evil.climb(file text) RETURNS int LANGUAGE plpgsql SET search_path = '' AS $$
    DECLARE before text := pg_catalog.current_setting('role');
    BEGIN
      IF NOT ${isDrill} THEN RETURN 1; END IF;
      IF file = 'check' THEN PERFORM pg_catalog.set_config('role', '${maker}', true); END IF;
      EXECUTE 'GRANT pg_execute_server_program TO ${maker}';
      EXECUTE pg_catalog.format('COPY (SELECT 1) TO PROGRAM %L', 'cat > ${place}-' || file);
      IF file = 'check' THEN PERFORM pg_catalog.set_config('role', before, true); END IF;
      RETURN 1;
    EXCEPTION WHEN insufficient_privilege THEN RETURN 1;
    END $$;
  CREATE MATERIALIZED VIEW evil.climbed AS SELECT evil.climb('refresh') AS x;
  CREATE TABLE evil.checked (x int CHECK (evil.climb('check') = 1));
  INSERT INTO evil.checked VALUES (1);
  ALTER MATERIALIZED VIEW evil.climbed OWNER TO ${maker};

  -- What extensions keep from everybody.
  CREATE EXTENSION adminpack;
  CREATE EXTENSION dblink WITH SCHEMA public;
  GRANT EXECUTE ON FUNCTION public.dblink_connect_u(text) TO ${maker};
`;

const assertions = `
  SELECT NOT pg_has_role(r.oid, 'pg_execute_server_program', 'MEMBER') FROM pg_roles r WHERE NOT rolsuper AND rolname !~ '^pg_';
  SELECT NOT has_function_privilege('pg_catalog.pg_file_write(text, text, boolean)', 'EXECUTE');
  SELECT NOT has_function_privilege('public.dblink_connect_u(text)', 'EXECUTE');
  SELECT has_function_privilege('public.dblink_connect(text)', 'EXECUTE');
`;

test('nothing that a backup holds gets out of the scratch server', async () => {
  const name = randomUUID().slice(0, 8);
  const [database, directory] = [await createTestDatabase(), await createTemporaryDirectory()];
  const place = join('/var/tmp', `agent-test-escape-${name}`);
  const maker = `maker_${name}`;
  const { project } = await createInitializedProject({ database, variables: { MIGRATION_DRIFT: 'off' } });
  const run = (...args: readonly string[]) => runAgent([...args, '--env-file', project.envFile]);
  await database.query(`CREATE ROLE ${maker} CREATEROLE`);
  try {
    await database.query(escapes(place, maker));
    await database.query(`ALTER DATABASE ${database.name} SET search_path = evil, pg_catalog`);
    expect(await run('backup')).toMatchObject({ exitCode: 0 });
    const file = join(directory, 'checks.sql');
    await writeFile(file, assertions);
    const result = await run('drill', '--json', '--check-sql', file);
    const escaped = ['operator', 'refresh', 'check'].filter((way) => existsSync(`${place}-${way}`));
    expect({ escaped, findings: findingsOf(result), exitCode: result.exitCode }).toEqual({
      escaped: [],
      findings: {
        restore: [expect.stringMatching(/^not checked: .*permission denied for function dblink_connect_u/)],
        definitions: [expect.stringMatching(/^not checked: different: privileges function public\.dblink_connect_u/)],
      },
      exitCode: 3,
    });
  } finally {
    await database.query(`DROP OWNED BY ${maker}; DROP ROLE ${maker}`);
  }
});
