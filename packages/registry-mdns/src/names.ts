import { createHash } from 'node:crypto';

/** The service whose instances are the services there are (go-micro's list entries). */
export const listService = '_services';

// RFC 1035 §3.1 allows 255 bytes on the wire, two of which are the first length and the root.
const longestName = 253;
const hashLength = 42;
// What miekg/dns, which Go services use, neither escapes when it reads a name nor unescapes when it writes one.
const plainLabels = /^(?:[!#-&*+,\-/-:<-?A-[\]-~]{1,63}(?:\.|$))+$/;

/**
 * The DNS name of a service: the name itself wherever a Go service could look it up (dots make several labels),
 * else a hash of it. The TXT record has the real name, so nothing needs to be read back.
 */
export function serviceText(service: string, domain: string): string {
  const longest = longestName - domain.length - hashLength - 2;
  return service !== listService && isPlain(service, longest) ? service : hashed(service);
}

/** The DNS name of a node before its service's, likewise: the id, or a hash of it. */
export function instanceText(id: string, service: string, domain: string): string {
  const longest = longestName - domain.length - serviceText(service, domain).length - 2;
  return isPlain(id, longest) ? id : hashed(id);
}

/** The full name of a service, as questions have it, without the final dot. */
export function serviceName(service: string, domain: string): string {
  return `${serviceText(service, domain)}.${domain}`;
}

/** The full name of a node, without the final dot. */
export function instanceName(id: string, service: string, domain: string): string {
  return `${instanceText(id, service, domain)}.${serviceName(service, domain)}`;
}

/** The host's name as the target of SRV records. Two hosts may share it: each message is read on its own. */
export function hostLabel(hostname: string): string {
  return isPlain(hostname, 63) ? hostname : hashed(hostname);
}

function isPlain(text: string, longest: number): boolean {
  return text.length <= longest && plainLabels.test(text) && !text.endsWith('.');
}

function hashed(text: string): string {
  return `x-${createHash('sha256')
    .update(text)
    .digest('hex')
    .slice(0, hashLength - 2)}`;
}
