import { Transform, type TransformCallback } from 'node:stream';
import type { ApplyRequest } from './request.ts';

/**
 * From 17 on pg_restore sets transaction_timeout, in text and when it is connected alike, and a server before 17 does not know
 * that name. There is no option against it, and an older pg_restore cannot read a newer one's dump.
 * https://www.postgresql.org/docs/17/runtime-config-client.html#GUC-TRANSACTION-TIMEOUT
 */
export function setsUnknownTimeout({ programs, targetMajor }: Pick<ApplyRequest, 'programs' | 'targetMajor'>): boolean {
  return programs.major >= 17 && targetMajor < 17;
}

const statement = Buffer.from('\nSET transaction_timeout = 0;\n');
/** It is among the first ten statements of pg_restore; a row with the same words comes later. */
const headBytes = 64 * 1024;

/** Passes SQL on without that statement. */
export function withoutUnknownTimeout(): Transform {
  let head: Buffer | undefined = Buffer.alloc(0);
  return new Transform({
    transform(chunk: Buffer, _encoding, done: TransformCallback) {
      if (head === undefined) return done(null, chunk);
      head = Buffer.concat([head, chunk]);
      const index = head.indexOf(statement);
      if (index < 0 && head.length < headBytes) return done();
      if (index >= 0) this.push(head.subarray(0, index + 1));
      const rest = index < 0 ? head : head.subarray(index + statement.length);
      head = undefined;
      done(null, rest);
    },
    flush(done: TransformCallback) {
      done(null, head);
    },
  });
}

/** `pg_restore: error: could not execute query: ERROR:  unrecognized configuration parameter "transaction_timeout"` */
export function isUnknownTimeout(line: string): boolean {
  return line.endsWith('ERROR:  unrecognized configuration parameter "transaction_timeout"');
}
