import { once } from 'node:events';
import { createConnection, createServer, type AddressInfo, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { whenTestEnds } from './cleanup.ts';

/** What stands between a client and a server of the current test. It passes on what it gets, until it is told otherwise. */
export interface TcpProxy {
  readonly host: string;
  readonly port: number;
  /** Bytes that have passed in both directions since it was asked for the last time. */
  takeBytes(): number;
  /** When so many more bytes have passed, every connection is cut, once; later ones are served. */
  cutAfter(bytes: number, manner: 'reset' | 'end'): void;
  /** When a client has sent this text, it is passed on, and then nothing any more: as if the cable was pulled before the answer. */
  cutBehind(text: string): void;
  /** How often anything was cut. */
  readonly cuts: number;
}

export interface TcpProxyOptions {
  /** How long every piece takes, in each direction. */
  readonly latencyMs?: number;
  /** A connection over which nothing has come for so long is closed, as poolers do. */
  readonly idleMs?: number;
}

export async function startTcpProxy(
  target: { readonly host: string; readonly port: number },
  { latencyMs = 0, idleMs }: TcpProxyOptions = {},
): Promise<TcpProxy> {
  const sockets = new Set<Socket>();
  const state = {
    bytes: 0,
    left: Infinity,
    manner: 'reset' as 'reset' | 'end',
    cuts: 0,
    behind: undefined as string | undefined,
  };
  const cutAll = (): void => {
    state.cuts += 1;
    for (const socket of sockets) {
      if (state.manner === 'reset') socket.resetAndDestroy();
      else socket.end(() => socket.destroy());
    }
  };
  const forward = (from: Socket, to: Socket, isClient: boolean): void => {
    let ready = Promise.resolve();
    from.on('data', (piece: Buffer) => {
      if (state.behind !== undefined && isClient && piece.includes(state.behind)) {
        state.behind = undefined;
        // The server gets it and answers into the void.
        to.removeAllListeners('data');
        to.write(piece, () => to.end());
        to.resume();
        state.cuts += 1;
        from.resetAndDestroy();
        return;
      }
      state.bytes += piece.length;
      state.left -= piece.length;
      if (state.left <= 0) {
        state.left = Infinity;
        cutAll();
        return;
      }
      const isDue = latencyMs > 0 ? sleep(latencyMs) : Promise.resolve();
      ready = passOn(piece, ready, isDue);
    });
    const passOn = async (piece: Buffer, earlier: Promise<void>, isDue: Promise<unknown>): Promise<void> => {
      await earlier;
      await isDue;
      if (to.destroyed || to.writableEnded || to.write(piece)) return;
      from.pause();
      await Promise.race([once(to, 'drain'), once(to, 'close')]).catch(() => undefined);
      from.resume();
    };
    from.on('end', () => void ready.then(() => to.end()));
    from.on('error', () => undefined);
    from.on('close', () => {
      sockets.delete(from);
      void ready.then(() => to.destroy());
    });
  };
  const server = createServer((client) => {
    const upstream = createConnection(target);
    for (const socket of [client, upstream]) {
      sockets.add(socket);
      socket.setNoDelay(true);
    }
    if (idleMs !== undefined) client.setTimeout(idleMs, () => client.end());
    forward(client, upstream, true);
    forward(upstream, client, false);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  whenTestEnds(async () => {
    for (const socket of sockets) socket.destroy();
    const closed = once(server, 'close');
    server.close();
    await closed;
  });
  return {
    host: '127.0.0.1',
    port: (server.address() as AddressInfo).port,
    takeBytes() {
      const { bytes } = state;
      state.bytes = 0;
      return bytes;
    },
    cutAfter(bytes, manner) {
      state.left = Math.max(bytes, 1);
      state.manner = manner;
    },
    cutBehind: (text) => void (state.behind = text),
    get cuts() {
      return state.cuts;
    },
  };
}
