import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Pool } from 'pg';
import type { ByteStore } from './byte-store.ts';
import type { FaultEffect } from './faults.ts';
import type { Keys, Role } from './keys.ts';
import type { ResumableUpload } from './resumable.ts';

/** What all requests share. */
export interface Service {
  readonly database: Pool;
  readonly bytes: ByteStore;
  readonly keys: Keys;
  /** By the last part of their address. */
  readonly uploads: Map<string, ResumableUpload>;
  /** Columns that are not in every version of the tables, of those this service knows. */
  readonly columns: { readonly userMetadata: boolean; readonly bucketType: boolean };
  readonly options: ServiceOptions;
}

export interface ServiceOptions {
  /** Of the whole service, in bytes. */
  readonly fileSizeLimit: number;
  /** What differs: the answer to a row without bytes (500, 404), names with dots or long parts, and rows without a version. */
  readonly backend: 'file' | 's3';
  /** The most names one DELETE takes; none unless given, as the service does by default. */
  readonly deleteLimit: number | undefined;
}

/** One request and its answer. */
export interface Exchange {
  readonly service: Service;
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  /** Relative to the service, still encoded, without the query. */
  readonly path: string;
  readonly query: URLSearchParams;
  /** `invalid`: the route lets a wrong key pass, and shows it nothing. */
  readonly role: Role | 'invalid';
  /** What is to go wrong with this answer. */
  readonly fault: FaultEffect | undefined;
}

/** Reads a JSON body; undefined when there is none. Throws SyntaxError. */
export async function readJson(request: IncomingMessage): Promise<Record<string, unknown> | undefined> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  const text = Buffer.concat(chunks).toString();
  return text === '' ? undefined : (JSON.parse(text) as Record<string, unknown>);
}
