import { invalidRequest } from './errors.ts';
import type { Exchange } from './exchange.ts';
import type { BucketRow } from './rows.ts';
import type { Arrived, UploadDetails } from './uploads.ts';

/** Takes a form as supabase-js sends it: fields, then the file. */
export async function receiveForm(
  _exchange: Exchange,
  _bucket: BucketRow,
): Promise<{ arrived: Arrived; details: UploadDetails }> {
  throw invalidRequest('No content provided');
}
