import { fromSocketError, NotifyError } from './notify-error.ts';
import type { NotifyRequest } from './requests.ts';

/**
 * Posts once and answers the status, `HTTP 204`. Throws NotifyError for any that is no success: redirections too, since an
 * address with a token in it is not for others.
 */
export async function postRequest(request: NotifyRequest, limitMs: number): Promise<string> {
  const url = new URL(request.url);
  const credentials = [url.username, url.password].map(decodeURIComponent).join(':');
  const authorization = credentials === ':' ? {} : { authorization: `Basic ${Buffer.from(credentials).toString('base64')}` };
  // Takes time that other runs have no use for.
  const { Agent } = await import('undici');
  const agent = new Agent({ connect: { timeout: limitMs } });
  try {
    const { statusCode, body } = await agent.request({
      origin: url.origin,
      path: url.pathname + url.search,
      method: 'POST',
      headers: { ...authorization, ...request.headers },
      body: request.body,
      signal: AbortSignal.timeout(limitMs),
    });
    body.on('error', () => undefined).destroy();
    if (statusCode >= 200 && statusCode < 300) return `HTTP ${statusCode}`;
    throw new NotifyError(`the server answered ${statusCode}`, statusCode >= 500 || [408, 425, 429].includes(statusCode));
  } catch (error) {
    throw fromSocketError(error);
  } finally {
    await agent.destroy();
  }
}
