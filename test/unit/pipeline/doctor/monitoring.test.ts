import { join } from 'node:path';
import { expect, test } from 'vitest';
import { Secret, type AlertTarget, type ProjectConfig } from '../../../../src/config/project-config.ts';
import type { AlertEvent } from '../../../../src/domain/alerts/alert.ts';
import { examineMonitoring } from '../../../../src/pipeline/doctor/monitoring.ts';
import { createFiles } from '../../../../src/tools/files/files.ts';
import { createTemporaryDirectory } from '../../../helpers/temporary-directory.ts';

const url = new Secret('https://alerts.example.com/canary');

function ntfy(...on: readonly AlertEvent[]): AlertTarget {
  return { kind: 'ntfy', url, token: undefined, on };
}

async function examine(config: {
  readonly targets?: readonly AlertTarget[];
  readonly metricsFile?: string;
  readonly logFile?: string;
}) {
  const { targets = [], metricsFile, logFile } = config;
  return examineMonitoring({
    config: { alerts: { targets }, metricsFile, logs: { file: logFile } } as unknown as ProjectConfig,
    files: createFiles('/nowhere', { start: () => expect.unreachable(), run: () => expect.unreachable() }),
  });
}

test.each<[string, readonly AlertTarget[], string, RegExp]>([
  ['nobody', [], 'warning', /^nobody is told/],
  ['only of success', [ntfy('success')], 'warning', /by ntfy, but nobody is told of: failure, late$/],
  ['not of what is late', [ntfy('failure'), ntfy('incomplete')], 'warning', /told of: late$/],
  ['each of something', [ntfy('failure'), ntfy('late')], 'ok', /by ntfy, ntfy; `agent notify-test` tries that$/],
  ['a ping', [{ kind: 'ping', url, on: [] }], 'ok', /by ping/],
])('who is told: %s', async (_, targets, state, detail) => {
  const [alerts, ...others] = await examine({ targets });
  expect(alerts).toMatchObject({ check: 'alerts', state, detail: expect.stringMatching(detail) as unknown });
  expect(others).toEqual([]);
  expect(JSON.stringify(alerts)).not.toContain('canary');
});

test('files for monitoring have to have a directory that takes them', async () => {
  const directory = await createTemporaryDirectory();
  const [, metrics, log] = await examine({
    metricsFile: join(directory, 'shop.prom'),
    logFile: join(directory, 'no', 'agent.log'),
  });
  expect(metrics).toMatchObject({ check: 'METRICS_FILE', state: 'ok' });
  expect(log).toMatchObject({ check: 'LOG_FILE', state: 'warning', detail: expect.stringContaining('ENOENT') as unknown });
  const [, inFile] = await examine({ metricsFile: '/etc/hostname/shop.prom' });
  expect(inFile).toMatchObject({ state: 'warning', detail: expect.stringContaining('ENOTDIR') as unknown });
});
