import { isIPv6 } from 'node:net';

export interface ListenAddress {
  readonly host: string;
  readonly port: number;
}

/** Reads `9765` (this machine alone), `0.0.0.0:9765`, `monitor.lan:9765` or `[::1]:9765`; undefined when it is none of these. */
export function parseListenAddress(text: string): ListenAddress | undefined {
  const { ipv6, name, port } =
    /^(?:(?:\[(?<ipv6>[^\]]+)\]|(?<name>[a-z0-9][a-z0-9.-]*)):)?(?<port>\d{1,5})$/i.exec(text)?.groups ?? {};
  if (port === undefined || Number(port) > 65_535 || (ipv6 !== undefined && !isIPv6(ipv6))) return undefined;
  return { host: ipv6 ?? name ?? '127.0.0.1', port: Number(port) };
}
