import { networkInterfaces } from 'node:os';

/**
 * The address to announce: a wildcard host becomes an address of this machine, as go-micro chooses it (private
 * before public before loopback); anything else stays (go-micro v4: util/addr).
 */
export function announcedAddress(address: string): string {
  const match = /^(?:0\.0\.0\.0|\[::\]|\*)?:(\d+)$/.exec(address);
  return match === null ? address : `${ownHost()}:${match[1]}`;
}

function ownHost(): string {
  const found = Object.values(networkInterfaces()).flatMap((list) => list ?? []);
  const outside = found
    .filter(({ internal, family }) => !internal && family === 'IPv4')
    .map((one) => one.address);
  const host = outside.find(isPrivate) ?? outside[0];
  if (host !== undefined) return host;
  const v6 = found.find(
    ({ internal, family, address }) => !internal && family === 'IPv6' && !address.startsWith('fe80'),
  );
  return v6 === undefined ? '127.0.0.1' : `[${v6.address}]`;
}

/** RFC 1918, and the shared space of RFC 6598. */
function isPrivate(address: string): boolean {
  const [a = 0, b = 0] = address.split('.').map(Number);
  return (
    a === 10 ||
    (a === 172 && b >= 16 && b < 32) ||
    (a === 192 && b === 168) ||
    (a === 100 && b >= 64 && b < 128)
  );
}
