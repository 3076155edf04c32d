/** What the service answers instead of doing what was asked: thrown anywhere, sent as JSON by the server. */
export class StorageAnswer extends Error {
  override readonly name = 'StorageAnswer';
  readonly status: number;
  readonly body: Readonly<Record<string, unknown>>;

  constructor(status: number, body: Readonly<Record<string, unknown>>) {
    super(String(body['message']));
    this.status = status;
    this.body = body;
  }
}

/** The service answers 400 to nearly everything; `statusCode` in the body is the status that is meant. */
function answer(statusCode: number, error: string, message: string, code: string): StorageAnswer {
  const status = statusCode === 500 || statusCode === 416 ? statusCode : 400;
  return new StorageAnswer(status, { statusCode: String(statusCode), error, message, code });
}

export const missingObject = () => answer(404, 'not_found', 'Object not found', 'NoSuchKey');
export const missingBucket = () => answer(404, 'Bucket not found', 'Bucket not found', 'NoSuchBucket');
/** A row whose bytes are gone: what the backend of files and that of S3 make of it. */
export const missingFile = () => answer(500, 'Internal', 'Internal Server Error', 'InternalError');
export const missingInS3 = () => answer(404, 'Not found', 'The resource was not found', 'NoSuchKey');
export const duplicateObject = () => answer(409, 'Duplicate', 'The resource already exists', 'KeyAlreadyExists');
export const duplicateBucket = () => answer(409, 'Duplicate', 'The resource already exists', 'BucketAlreadyExists');
export const bucketNotEmpty = () =>
  answer(409, 'ResourceNotEmpty', 'The bucket you tried to delete is not empty', 'ResourceNotEmpty');
export const refused = (message: string) => answer(403, 'Unauthorized', message, 'AccessDenied');
export const noPolicy = () => refused('new row violates row-level security policy');
export const tooLarge = () =>
  answer(413, 'Payload too large', 'The object exceeded the maximum allowed size', 'EntityTooLarge');
export const wrongType = (type: string) =>
  answer(415, 'invalid_mime_type', `mime type ${type} is not supported`, 'InvalidMimeType');
export const invalidType = () => answer(415, 'invalid_mime_type', 'Invalid Content-Type header', 'InvalidMimeType');
export const invalidKey = (name: string) => answer(400, 'InvalidKey', `Invalid key: ${name}`, 'InvalidKey');
export const invalidBucketName = () => answer(400, 'Invalid Input', 'Bucket name invalid', 'InvalidBucketName');
export const invalidRequest = (message: string) => answer(400, 'Error', message, 'InvalidRequest');
export const invalidParameter = (message: string) => answer(400, 'InvalidParameter', message, 'InvalidParameter');
export const invalidRange = () => answer(416, 'invalid_range', 'invalid range provided', 'InvalidRange');
export const internalError = () => answer(500, 'Internal', 'Internal Server Error', 'InternalError');
export const databaseError = (code: string) => answer(500, 'DatabaseError', `database error, code: ${code}`, 'DatabaseError');
/** `path` is relative to the service. */
export function missingRoute(method: string, path: string): StorageAnswer {
  const common = { error: 'Not Found', message: `Route ${method}:${path} not found` };
  if (path.startsWith('/object')) return new StorageAnswer(404, { statusCode: '404', ...common, code: 'InvalidRequest' });
  return new StorageAnswer(404, { ...common, statusCode: 404 });
}
export const invalidUrl = (path: string) =>
  new StorageAnswer(400, {
    error: 'Bad Request',
    code: 'FST_ERR_BAD_URL',
    message: `'${path}' is not a valid url component`,
    statusCode: 400,
  });
