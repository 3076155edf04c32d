/**
 * A Storage API in a process of its own, so that it and who asks it do not share one thread. Told of the database in its arguments;
 * answers what the parent asks over the channel between them, and ends with that.
 */
import { startStorageServer } from '../../test/helpers/storage-server/server.ts';

export interface Announcement {
  readonly url: string;
  readonly serviceKey: string;
}

/** Asked by the parent; each is answered with a number. */
export type Order =
  /** So many requests came since this was asked for the last time. */
  | { readonly ask: 'requests' }
  /** Puts made-up objects there. */
  | { readonly ask: 'seed'; readonly bucket: string; readonly count: number; readonly bytes: number }
  /** From now on requests wait so many milliseconds, as they do where the server is elsewhere. */
  | { readonly ask: 'delay'; readonly ms: number }
  /** Writes every hundredth of them anew, with other bytes. */
  | { readonly ask: 'replace'; readonly bucket: string; readonly count: number; readonly bytes: number };

const [host = '', port = '', database = ''] = process.argv.slice(2);
const server = await startStorageServer({
  database: { host, port: Number(port), user: 'postgres', database, password: undefined },
  fileSizeLimit: 50 * 1024 ** 3,
});
let seen = 0;

async function obey(order: Order): Promise<number> {
  if (order.ask === 'seed') {
    await server.seedMany(order.bucket, order.count, order.bytes);
    return order.count;
  }
  if (order.ask === 'delay') {
    server.faults.clear();
    if (order.ms > 0) server.faults.add({ effect: { kind: 'delay', ms: order.ms } });
    return order.ms;
  }
  if (order.ask === 'replace') {
    for (let number = 100; number <= order.count; number += 100)
      await server.putObject(
        order.bucket,
        `many/${String(number).padStart(7, '0')}`,
        Buffer.alloc(order.bytes, String(number)),
      );
    return order.count / 100;
  }
  const before = seen;
  seen = server.requests.length;
  return seen - before;
}

process.on('message', (order: Order) => void obey(order).then((answer) => process.send!(answer)));
process.on('disconnect', () => void server.close());
process.send!({ url: server.url, serviceKey: server.serviceKey } satisfies Announcement);
