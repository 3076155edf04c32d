import { webhookSchema } from '../../domain/catalog.ts';
import { recordsOf, type CatalogIndex } from '../../domain/catalog-index.ts';

export interface Webhook {
  /** Both quoted as SQL wants them. */
  readonly table: string;
  readonly trigger: string;
}

/** The webhooks that act on the source, which are triggers; a record is named `trigger on table`. */
export function wantedWebhooks(source: CatalogIndex): Webhook[] {
  return recordsOf(source, 'webhook', webhookSchema)
    .filter(({ value }) => value.enabled !== 'disabled')
    .map(({ name, value }) => ({
      table: value.table,
      trigger: name.slice(0, name.length - ` on ${value.table}`.length),
    }));
}
