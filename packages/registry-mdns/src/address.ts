import { isIP, isIPv4 } from 'node:net';
import { MicroError } from '@micro/core';

/** A node's address as SRV and A or AAAA records carry it. Throws `bad_request` for what is no IP with a port. */
export function hostAndPort(address: string): { readonly host: string; readonly port: number } {
  const [, v6, name = v6 ?? '', digits] = /^(?:\[([^\]]*)\]|([^:]*)):(\d{1,5})$/.exec(address) ?? [];
  const host = name === 'localhost' ? '127.0.0.1' : name;
  const port = Number(digits);
  const literal = v6 === undefined ? isIPv4(host) : isIP(host) === 6 && !host.includes('%');
  if (!literal || !(port >= 1 && port <= 65_535)) {
    const message = `registry mdns: the address ${JSON.stringify(address)} is no IP address with a port; DNS carries nothing else`;
    throw new MicroError('bad_request', message);
  }
  return { host, port };
}
