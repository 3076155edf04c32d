import { expect, test } from 'vitest';
import { metricsShape } from '../../../src/config/metrics-settings.ts';

test('METRICS_FILE has a name that node_exporter reads', () => {
  const messageOf = (path: string): string | undefined =>
    metricsShape.METRICS_FILE.safeParse(path)
      .error?.issues.map(({ message }) => message)
      .join();
  expect(messageOf('/var/lib/prometheus/node-exporter/shop.prom')).toBeUndefined();
  for (const path of ['/var/lib/prometheus/node-exporter', '/srv/shop.txt', '/srv/.prom']) {
    expect(messageOf(path), path).toBe('has to end in .prom: node_exporter reads no other files');
  }
});
