import { isIPv6 } from 'node:net';
import { MicroError } from './errors.ts';

/** Where a socket listens or connects. */
export interface SocketAddress {
  /** `host:port` as a URL writes it, or `unix:/path`. */
  readonly text: string;
  /** Undefined: all interfaces. */
  readonly host: string | undefined;
  readonly port: number;
  /** Of a Unix socket. */
  readonly path: string | undefined;
}

const form = /^(?:\[([^\]]+)\]|([0-9A-Za-z._-]*)):([0-9]{1,5})$/;

/** Reads `host:port`, `:port`, `[v6]:port` or `unix:/path`. Throws `bad_request` for anything else. */
export function parseAddress(text: string): SocketAddress {
  if (text.startsWith('unix:') && text.length > 5 && !text.includes('\0')) {
    return { text, host: undefined, port: 0, path: text.slice(5) };
  }
  const found = form.exec(text);
  const port = Number(found?.[3]);
  if (found === null || port > 65_535 || (found[1] !== undefined && !isIPv6(found[1]))) {
    throw new MicroError('bad_request', `address "${text}" is not host:port, :port, [v6]:port or unix:/path`);
  }
  return { text, host: found[1] ?? (found[2] || undefined), port, path: undefined };
}

/** As `parseAddress` reads it again. */
export function formatAddress(host: string, port: number): string {
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;
}

/** As `parseAddress`, of an address to connect to: `bad_request` also for one without a port. */
export function parseTarget(text: string): SocketAddress {
  const address = parseAddress(text);
  if (address.path === undefined && address.port === 0)
    throw new MicroError('bad_request', `address "${text}" has no port`);
  return address;
}
