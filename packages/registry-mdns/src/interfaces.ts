import { networkInterfaces } from 'node:os';
import { MicroError } from '@micro/core';

export interface InterfaceAddress {
  readonly address: string;
  readonly prefix: number;
  readonly internal: boolean;
}

/** The first IPv4 address of each interface: a group is joined once per interface. */
export function interfaceAddresses(): readonly InterfaceAddress[] {
  const found: InterfaceAddress[] = [];
  for (const addresses of Object.values(networkInterfaces())) {
    const first = addresses?.find((one) => one.family === 'IPv4');
    if (first === undefined) continue;
    const prefix = Number(first.cidr?.split('/')[1] ?? 32);
    found.push({ address: first.address, prefix, internal: first.internal });
  }
  return found;
}

/** The error that a lookup gets where multicast does not work, in words for who has to mend it. */
export function noMulticast(what: string, cause?: unknown): MicroError {
  const reason = cause instanceof Error ? ` (${cause.message})` : '';
  const message =
    `registry mdns: ${what}${reason}. Multicast does not work here: a container without it, a VPN or a firewall? ` +
    'Let UDP 5353 and 224.0.0.251 pass, give the host a route (ip route add 224.0.0.0/4 dev lo for this machine ' +
    'alone), or choose another registry';
  return new MicroError('unavailable', message, { cause });
}
