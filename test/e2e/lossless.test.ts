import { describe, expect, test } from 'vitest';
import type { ConnectionConfig } from '../../src/config/project-config.ts';
import { Secret } from '../../src/config/project-config.ts';
import { runAgent } from '../helpers/agent.ts';
import { hostileCanaries, loadHostileSource, startPlatformCluster } from '../helpers/platform.ts';
import type { TestProject } from '../helpers/project.ts';
import { createInitializedProject } from '../helpers/scenario.ts';
import { startTestCluster } from '../helpers/test-cluster.ts';

/** Each starts two servers and restores hundreds of objects. */
const patience = { timeout: 180_000 };

interface ClassCounts {
  readonly class: string;
  readonly equal: number;
  readonly missing: number;
  readonly different: number;
  readonly extra: number;
}

interface RestoreDocument {
  readonly status: string;
  readonly plan: { readonly kind: string; readonly forbidden: readonly { what: string }[]; readonly manual: readonly string[] };
  readonly comparison: {
    readonly differences: readonly object[];
    readonly changedContents: readonly string[];
    readonly classes: readonly ClassCounts[];
    readonly privilegeLeaks: readonly string[];
  };
  readonly skipped: readonly string[];
}

async function backUp(source: ConnectionConfig, target: ConnectionConfig): Promise<TestProject> {
  const { project } = await createInitializedProject({ database: { config: source }, target: { config: target } });
  expect(await runAgent(['backup', '--env-file', project.envFile])).toMatchObject({ exitCode: 0, stderr: '' });
  return project;
}

async function restore(
  project: TestProject,
  ...options: readonly string[]
): Promise<{ exitCode: number; document: RestoreDocument }> {
  const args = ['restore', 'latest', '--to', 'test', '--confirm', 'shop-test', '--json', '--env-file', project.envFile];
  const result = await runAgent([...args, ...options]);
  expect(result.stderr).toBe('');
  for (const canary of hostileCanaries) expect(result.stdout).not.toContain(canary);
  return { exitCode: result.exitCode, document: result.json<RestoreDocument>() };
}

function unequal({ comparison }: RestoreDocument): ClassCounts[] {
  return comparison.classes.filter(({ missing, different, extra }) => missing + different + extra > 0);
}

describe('a hostile source loses nothing', () => {
  test.each([
    ['in one transaction', []],
    ['with two jobs', ['--jobs', '2']],
  ])('on a hosted target but what the plan had named, %s', patience, async (_, options) => {
    const source = await startPlatformCluster();
    await loadHostileSource(source, { superuserPart: false });
    const target = await startPlatformCluster();
    const project = await backUp(source.postgres.config, target.postgres.config);
    const planned = await restore(project, '--dry-run', ...options);
    const { exitCode, document } = await restore(project, ...options);

    expect({ exitCode, status: document.status, skipped: document.skipped }).toEqual({
      exitCode: 3,
      status: 'incomplete',
      skipped: [],
    });
    expect(document.plan).toMatchObject({ kind: 'hosted' });
    // The values of vault secrets are the one thing that the platform does not let anybody bring along.
    expect(unequal(document)).toEqual([{ class: 'vault secret', equal: 0, missing: 2, different: 0, extra: 0 }]);
    expect(document.comparison.differences).toEqual([{ what: 'table vault.secrets', expected: 2, found: 0 }]);
    expect(document.comparison.privilegeLeaks).toEqual([]);
    expect(planned.document.plan.forbidden).toEqual(document.plan.forbidden);
    expect(document.plan.forbidden.map(({ what }) => what)).toEqual([
      'rows of table secrets in schema vault',
      expect.stringMatching(/^vault secret [0-9a-f-]{36}$/),
      'vault secret stripe',
    ]);
  });

  test('on a self-hosted target', patience, async () => {
    const source = await startPlatformCluster();
    await loadHostileSource(source);
    const target = await startPlatformCluster();
    const project = await backUp(source.administrator.config, target.administrator.config);
    const { exitCode, document } = await restore(project);
    expect(unequal(document)).toEqual([]);
    expect({ exitCode, status: document.status, skipped: document.skipped }).toEqual({
      exitCode: 0,
      status: 'complete',
      skipped: [],
    });
    expect(document.plan).toMatchObject({ kind: 'self-hosted', forbidden: [] });
    const compared = await runAgent(['compare', 'latest', '--to', 'test', '--json', '--env-file', project.envFile]);
    expect(compared).toMatchObject({ exitCode: 0, stderr: '' });
    expect(compared.json()).toMatchObject({ status: 'equal', comparison: { differences: [], privilegeLeaks: [] } });
  });

  test('on a plain PostgreSQL', patience, async () => {
    const source = await startPlatformCluster();
    await loadHostileSource(source);
    const { address } = await startTestCluster();
    const config = {
      ...source.administrator.config,
      host: address.host,
      port: address.port,
      user: 'postgres',
      password: new Secret(address.password),
      database: 'postgres',
    };
    const project = await backUp(source.administrator.config, config);
    const { exitCode, document } = await restore(project);
    expect(unequal(document)).toEqual([]);
    expect({ exitCode, status: document.status, skipped: document.skipped }).toEqual({
      exitCode: 0,
      status: 'complete',
      skipped: [],
    });
    expect(document.plan).toMatchObject({ kind: 'plain', forbidden: [] });
  });
});
