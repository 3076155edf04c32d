import { createHash } from 'node:crypto';
import { verificationError } from './verification-error.ts';

interface Expected {
  readonly path: string;
  readonly size: number;
  readonly sha256: string;
}

/** The same bytes; throws AppError verification_failed at their end when they are not those that are expected. */
export async function* checked(
  archive: string,
  expected: Expected,
  content: AsyncIterable<Buffer>,
  onBytes: (more: number) => void = () => undefined,
): AsyncGenerator<Buffer> {
  const hash = createHash('sha256');
  let bytes = 0;
  for await (const chunk of content) {
    hash.update(chunk);
    bytes += chunk.length;
    onBytes(chunk.length);
    yield chunk;
  }
  if (bytes === expected.size && hash.digest('hex') === expected.sha256) return;
  throw verificationError(archive, `${expected.path} has another content than when it was captured`);
}
