import type { SupabaseClient } from '@supabase/supabase-js';
import { StorageError } from '../../domain/storage/storage-error.ts';
import { requestJson } from './json.ts';
import { storageAddress, type Request, type Transport, type TransportOptions } from './transport.ts';

export type StorageClient = SupabaseClient['storage'];

/** The client library over our own connections, which bring their own headers. Loaded when it is first asked for: most commands have no use for it. */
export async function openClient(transport: Transport, { url, key }: TransportOptions): Promise<StorageClient> {
  const { createClient } = await import('@supabase/supabase-js');
  return createClient(url, key.reveal(), {
    auth: { persistSession: false, autoRefreshToken: false, detectSessionInUrl: false },
    global: { fetch: createFetch(transport, url) },
  }).storage;
}

/** Ours, which the library has wrapped. */
export function toClientError(what: string, error: { readonly message: string; readonly originalError?: unknown }): Error {
  if (error.originalError instanceof Error) return error.originalError;
  return new StorageError('transient', `${what}: ${error.message}`, { cause: error });
}

/** The `fetch` of the library, which calls it with a text: one request of ours. */
function createFetch(transport: Transport, base: string): typeof fetch {
  const { origin, path: prefix } = storageAddress(base);
  return async (input, init) => {
    const path = (input as string).slice(origin.length + prefix.length);
    const method = (init?.method ?? 'GET') as Request['method'];
    const json = typeof init?.body === 'string' ? { json: init.body } : {};
    const what = describe(method, path, json.json);
    const text = await requestJson(transport, { what, method, path, ...json, signal: init?.signal ?? undefined });
    return new Response(text, { headers: { 'content-type': 'application/json' } });
  };
}

function describe(method: Request['method'], path: string, body: string | undefined): string {
  const id = decodeURIComponent(path.split('/').at(-1)!);
  if (path === '/bucket')
    return body === undefined ? 'The list of buckets' : `Bucket ${(JSON.parse(body) as { id: string }).id}`;
  if (path.startsWith('/bucket/')) return `Bucket ${id}`;
  return method === 'DELETE' ? `The removal of objects from bucket ${id}` : `The list of bucket ${id}`;
}
