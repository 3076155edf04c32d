import { invalidBucketName, invalidKey, internalError } from './errors.ts';

const objectName = /^[A-Za-z0-9_/!.*'()&$=@;:+,? -]+$/;
const bucketName = /^[A-Za-z0-9_!.*'()&$=@;:+,? -]{1,100}$/;
/** Of one file name, in bytes. */
const segmentLimit = 255;

/** Throws what the service, over a backend of files, answers to a name it does not take. */
export function checkObjectName(name: string): void {
  if (!objectName.test(name)) throw invalidKey(name);
}

/** What the backend of files refuses only when it writes. */
export function checkPath(bucket: string, name: string, version: string): void {
  const segments = name.split('/');
  if (segments.some((segment) => segment === '.' || segment === '..'))
    throw invalidKey(`stub/stub/${bucket}/${name}/${version} contains dot path segment`);
  if (segments.some((segment) => Buffer.byteLength(segment) > segmentLimit)) throw internalError();
}

export function checkBucketName(name: string): void {
  if (!bucketName.test(name) || name !== name.trim() || name.endsWith('--table-s3')) throw invalidBucketName();
}
