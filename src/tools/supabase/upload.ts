import type { UploadedObject, UploadOutcome } from '../../object-store.ts';
import { checkName } from './address.ts';
import { BodyReader } from './portions.ts';
import type { Transport } from './transport.ts';
import { uploadOnce } from './upload-once.ts';
import { planUpload } from './upload-plan.ts';
import { uploadResumably } from './upload-resumable.ts';

/** Sends an object in the way that keeps the most of it. See ObjectStore.upload. */
export async function upload(
  transport: Transport,
  object: UploadedObject,
  source: Buffer | AsyncIterable<Uint8Array>,
  signal: AbortSignal,
): Promise<UploadOutcome> {
  checkName(object.bucket);
  checkName(object.name);
  signal.throwIfAborted();
  const plan = planUpload(object);
  const body = new BodyReader(object, source, transport.buffers);
  const job = { object, plan, body, signal };
  try {
    await (plan.way === 'resumable' ? uploadResumably(transport, job) : uploadOnce(transport, job));
  } catch (error) {
    // A body that fails makes the connection fail: what it failed with is the reason.
    throw body.failure === undefined || signal.aborted ? error : body.failure.error;
  }
  return { deviations: plan.deviations };
}
