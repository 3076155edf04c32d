import { isIPv4 } from 'node:net';

/** The URL of a Supabase project, or what is wrong with it: a text that never quotes it, since a password may stand in it. */
export function parseProjectUrl(text: string): URL | { readonly problem: string } {
  const url = URL.parse(text);
  if (url === null || !['http:', 'https:'].includes(url.protocol)) {
    return { problem: 'is no URL of a project: write it as https://REF.supabase.co' };
  }
  if (url.username !== '' || url.password !== '') return { problem: 'holds a user or password, which have no meaning there' };
  if (url.search !== '' || url.hash !== '') return { problem: 'goes on with ? or #: leave out what follows the host' };
  if (/(?:^|\.)supabase\.com$/.test(url.hostname)) {
    return { problem: 'is that of the dashboard: the project itself is at https://REF.supabase.co' };
  }
  if (/\/v1\/?$/.test(url.pathname))
    return { problem: 'names one of the APIs: leave out /storage/v1 or what else follows the host' };
  if (url.protocol === 'http:' && !isPrivateHost(url.hostname)) {
    return { problem: 'begins with http://, so that everybody on the way could read the key: use https://' };
  }
  return url;
}

/** Without a slash at its end. */
export function formatProjectUrl(url: URL): string {
  return url.href.replace(/\/+$/, '');
}

/** The reference of a hosted project; undefined for a domain of its own. */
export function projectRefOfUrl({ hostname }: URL): string | undefined {
  return /^([a-z]{20})\.(?:storage\.)?supabase\.co$/.exec(hostname)?.[1];
}

/** Whether what goes there leaves this machine. */
export function isLoopback(host: string): boolean {
  return host === 'localhost' || host.endsWith('.localhost') || host === '[::1]' || (isIPv4(host) && host.startsWith('127.'));
}

/** Hosts of private networks (RFC 1918, 4193, 3927, 4291), and names that only a local network knows, such as `kong`. */
function isPrivateHost(host: string): boolean {
  if (isLoopback(host)) return true;
  if (isIPv4(host)) return /^(?:10|192\.168|169\.254|172\.(?:1[6-9]|2\d|3[01]))\./.test(host);
  if (host.startsWith('[')) return /^\[f(?:[cd][0-9a-f]{2}|e[89ab][0-9a-f]):/.test(host);
  return !host.includes('.') || /\.(?:local|internal|lan|home\.arpa)$/.test(host);
}
