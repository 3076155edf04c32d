import type { Delivery } from '../notifier.ts';
import { formatTable } from './output.ts';

/** What became of alerts, for people. */
export function describeDeliveries(deliveries: readonly Delivery[]): string {
  const rows = deliveries.map(({ kind, answer, error }) => [
    kind,
    error === undefined ? 'arrived' : 'failed',
    error ?? answer ?? '',
  ]);
  return formatTable(['KIND', 'STATE', 'DETAIL'], rows);
}

/** The same for JSON. */
export function toDeliveryDocument(deliveries: readonly Delivery[]): object[] {
  return deliveries.map(({ kind, event, answer, error }) => ({ kind, event, answer: answer ?? null, error: error ?? null }));
}
