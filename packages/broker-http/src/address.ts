import { MicroError } from '@micro/core';

export interface Address {
  /** Undefined: all interfaces. */
  readonly host: string | undefined;
  readonly port: number;
}

const form = /^(?:\[([0-9A-Fa-f:.%a-z]+)\]|([0-9A-Za-z._-]*)):([0-9]{1,5})$/;

/** Reads `host:port`, `:port` or `[v6]:port`. Throws `bad_request` for anything else. */
export function parseAddress(text: string): Address {
  const found = form.exec(text);
  const port = Number(found?.[3]);
  if (found === null || port > 65_535)
    throw new MicroError('bad_request', `address "${text}" is not host:port, :port or [v6]:port`);
  return { host: found[1] ?? (found[2] || undefined), port };
}

/** As `parseAddress` reads it again. */
export function formatAddress(host: string, port: number): string {
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;
}
