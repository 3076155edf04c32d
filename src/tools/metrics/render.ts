import type { Registry } from 'prom-client';
import { describeMetrics, type MetricFacts } from '../../domain/metrics/families.ts';

/** Puts what is known of projects into a registry of its own, which answers with Prometheus' text format. */
async function buildRegistry(projects: readonly MetricFacts[]): Promise<Registry> {
  // Not before it is needed: it takes 15 MB, and most commands have no use for it.
  const { Counter, Gauge, Registry } = await import('prom-client');
  const registry = new Registry();
  for (const { name, help, type, samples } of describeMetrics(projects)) {
    const options = { name, help, labelNames: Object.keys(samples[0]!.labels), registers: [registry] };
    if (type === 'counter') {
      const counter = new Counter(options);
      for (const { labels, value } of samples) counter.inc(labels, value);
    } else {
      const gauge = new Gauge(options);
      for (const { labels, value } of samples) gauge.set(labels, value);
    }
  }
  return registry;
}

/** The same as text. */
export async function exposeMetrics(projects: readonly MetricFacts[]): Promise<string> {
  return (await buildRegistry(projects)).metrics();
}

/** The same, and what it is for HTTP. */
export async function answerMetrics(projects: readonly MetricFacts[]): Promise<{ text: string; contentType: string }> {
  const registry = await buildRegistry(projects);
  return { text: await registry.metrics(), contentType: registry.contentType };
}
