import { expect, test } from 'vitest';
import { Secret, type ConnectionConfig } from '../../src/config/project-config.ts';
import { runAgent } from '../helpers/agent.ts';
import { listPrograms, type ServerPrograms } from '../helpers/cluster.ts';
import { loadHostileSource, startPlatformCluster } from '../helpers/platform.ts';
import type { TestProject } from '../helpers/project.ts';
import { expectComplete, listLost, restore } from '../helpers/restoring.ts';
import { createInitializedProject } from '../helpers/scenario.ts';
import { startTestCluster } from '../helpers/test-cluster.ts';

/** Each starts two servers and restores hundreds of objects. */
const patience = { timeout: 300_000 };

const installed = await listPrograms();
const [oldest, newest] = [installed[0], installed.at(-1)];
const reason =
  oldest?.major === newest?.major
    ? `a restore into a newer major version needs two servers below /usr/lib/postgresql; there is ${oldest?.major ?? 'none'}`
    : undefined;
if (reason !== undefined) console.info(`Skipped: ${reason}`);

interface Pair {
  readonly older: ServerPrograms;
  readonly newer: ServerPrograms;
}
const pair = { older: oldest, newer: newest } as Pair;

/** A backup that the named programs made of a server of the older version. */
async function backUp(source: ConnectionConfig, target: ConnectionConfig, programs: ServerPrograms): Promise<TestProject> {
  const { project } = await createInitializedProject({ database: { config: source }, target: { config: target } });
  const options = { env: { PG_BIN_DIR: programs.binDirectory } };
  expect(await runAgent(['backup', '--env-file', project.envFile], options)).toMatchObject({ exitCode: 0, stderr: '' });
  return project;
}

/** Who may maintain what is not theirs: before 17 nobody could, so after a restore nobody may. */
const foreignMaintainers = `
  SELECT c.oid::regclass::text AS relation, g.grantee::regrole::text AS grantee
    FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace CROSS JOIN LATERAL aclexplode(c.relacl) g
   WHERE g.privilege_type = 'MAINTAIN' AND g.grantee <> c.relowner AND n.nspname IN ('public', 'app')`;

test('on a newer hosted target nothing is lost but what had been named', patience, async ({ skip }) => {
  skip(reason !== undefined, reason);
  const { older, newer } = pair;
  const source = await startPlatformCluster({ binDirectory: older.binDirectory });
  await loadHostileSource(source, { superuserPart: false });
  const target = await startPlatformCluster({ binDirectory: newer.binDirectory });
  const project = await backUp(source.postgres.config, target.postgres.config, newer);
  const { exitCode, document } = await restore(project, 'latest', '--no-safety-backup');

  // Before 16 who creates roles may alter any. The platform has supautils for that, which these servers do not have.
  const altered = older.major < 16 && newer.major >= 16;
  const refused = altered ? ['setting pgrst.db_schemas of role authenticator: permission denied to alter role'] : [];
  expect({ exitCode, status: document.status, skipped: document.skipped }).toEqual({
    exitCode: 3,
    status: 'incomplete',
    skipped: refused,
  });
  expect(document.plan.forbidden.map(({ what }) => what)).toEqual([
    'rows of table secrets in schema vault',
    expect.stringMatching(/^vault secret [0-9a-f-]{36}$/),
    'vault secret stripe',
  ]);
  expect(listLost(document).toSorted()).toEqual([
    ...(altered ? ['setting role authenticator: pgrst.db_schemas'] : []),
    expect.stringMatching(/^vault secret [0-9a-f-]{36}$/),
    'vault secret stripe',
  ]);
  expect(document.comparison).toMatchObject({
    differences: [{ what: 'table vault.secrets', expected: 2, found: 0 }],
    changedContents: [],
    privilegeLeaks: [],
  });
  expect(await target.administrator.query(foreignMaintainers)).toEqual([]);
  // As its owner, who could do it before there was a right for it.
  await target.postgres.query('REFRESH MATERIALIZED VIEW public.stale');
});

test.for(['older', 'newer'] as const)(
  'on a newer self-hosted target nothing is lost of what the %s pg_dump has written',
  patience,
  async (programs, { skip }) => {
    skip(reason !== undefined, reason);
    const source = await startPlatformCluster({ binDirectory: pair.older.binDirectory });
    await loadHostileSource(source);
    const target = await startPlatformCluster({ binDirectory: pair.newer.binDirectory });
    const project = await backUp(source.administrator.config, target.administrator.config, pair[programs]);
    expectComplete(await restore(project, 'latest', '--no-safety-backup'));
    expect(await target.administrator.query(foreignMaintainers)).toEqual([]);

    const compare = ['compare', 'latest', '--to', 'test', '--json', '--env-file', project.envFile];
    expect((await runAgent(compare)).json()).toMatchObject({ status: 'equal' });
    // The right came with 17.
    if (pair.newer.major < 17) return;
    await target.administrator.query(
      'REVOKE SELECT, MAINTAIN ON public.people FROM postgres; GRANT MAINTAIN ON public.people TO app_reader',
    );
    expect((await runAgent(compare)).json()).toMatchObject({
      status: 'different',
      comparison: { privilegeLeaks: ['app_reader: MAINTAIN on table public.people'] },
    });
  },
);

test('on a newer plain PostgreSQL nothing is lost', patience, async ({ skip }) => {
  skip(reason !== undefined, reason);
  const source = await startPlatformCluster({ binDirectory: pair.older.binDirectory });
  await loadHostileSource(source);
  const { address } = await startTestCluster({ binDirectory: pair.newer.binDirectory });
  const config = {
    ...source.administrator.config,
    host: address.host,
    port: address.port,
    user: 'postgres',
    password: new Secret(address.password),
  };
  const project = await backUp(source.administrator.config, config, pair.older);
  expectComplete(await restore(project, 'latest', '--no-safety-backup'));
});
