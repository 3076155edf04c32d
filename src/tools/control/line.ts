import type { Socket } from 'node:net';
import { StringDecoder } from 'node:string_decoder';

/** The first line that comes in, without its end. Rejects when the other side closes before, says too much, or takes too long. */
export function readLine(socket: Socket, limit: { readonly bytes: number; readonly ms: number }): Promise<string> {
  return new Promise((resolve, reject) => {
    const decoder = new StringDecoder('utf8');
    let text = '';
    socket.setTimeout(limit.ms, () => reject(new Error('the other side said nothing for too long')));
    const take = (chunk: Buffer): void => {
      text += decoder.write(chunk);
      const end = text.indexOf('\n');
      if (end < 0 && text.length <= limit.bytes) return;
      // Whatever else comes is nobody's.
      socket.off('data', take);
      socket.resume();
      if (end >= 0) resolve(text.slice(0, end));
      else reject(new Error('the other side said too much'));
    };
    socket.on('data', take);
    socket.on('error', reject);
    socket.on('close', () => reject(new Error('the other side closed the connection')));
  });
}
