import type { NodeRecord, ServiceRecord } from '@micro/core';
import { formatAddress, isObject, readText } from '@micro/core/plugin';
import { goDuration } from './duration.ts';
import type { ConsulCheck, Settings } from './options.ts';
import { decodeTags, encodeTags } from './tags.ts';

/** A node as Consul's agent takes it: each is a service of its own there. */
export interface AgentService {
  readonly id: string;
  readonly name: string;
  readonly tags: string[];
  readonly address: string;
  readonly port: number;
  readonly meta: Record<string, string>;
  readonly check: AgentCheck;
}

interface AgentCheck {
  readonly name: string;
  readonly timeout: string;
  readonly status?: string;
  readonly deregistercriticalserviceafter: string;
  readonly [field: string]: string | boolean;
}

/** The node as go-micro registers it. */
export function agentService(
  record: ServiceRecord,
  node: NodeRecord,
  ttlMs: number,
  settings: Pick<Settings, 'check' | 'deregisterAfterMs' | 'tags'>,
): AgentService {
  const { address, port } = splitAddress(node.address);
  return {
    id: node.id,
    name: record.name,
    tags: [...encodeTags(record, node), ...settings.tags],
    address,
    port,
    meta: consulMeta(node),
    check: agentCheck(node.address, ttlMs, settings),
  };
}

/** The nodes of Consul's answer about a service. Those with a critical check are not there, as in Go. Throws for no list. */
export function readServices(json: unknown, name: string): readonly ServiceRecord[] {
  if (!Array.isArray(json)) throw new TypeError('Consul has not answered with a list');
  return Object.freeze(json.flatMap((entry) => readService(entry, name)));
}

function readService(entry: unknown, name: string): readonly ServiceRecord[] {
  if (!isObject(entry) || !isObject(entry.Service)) return [];
  const { Service: service, Checks: checks, Node: host } = entry;
  // Names that differ in their case alone are one to Consul's index.
  if (service.Service !== name) return [];
  if (Array.isArray(checks) && checks.some((check) => isObject(check) && check.Status === 'critical'))
    return [];
  const tags = Array.isArray(service.Tags) ? service.Tags.filter((tag) => typeof tag === 'string') : [];
  const { version, metadata, endpoints, nodeMetadata } = decodeTags(tags);
  const address = readText(service.Address) || (isObject(host) ? readText(host.Address) : '');
  const { Port: port } = service;
  const node = Object.freeze({
    id: readText(service.ID),
    address: typeof port === 'number' && port > 0 ? formatAddress(address, port) : address,
    metadata: nodeMetadata,
  });
  return [Object.freeze({ name, version, metadata, endpoints, nodes: Object.freeze([node]) })];
}

const withPort = /^(?:\[([^\]]+)\]|([^:[\]]+)):([1-9][0-9]{0,4})$/;

/** Consul keeps host and port apart; what has no port goes whole into the address. */
function splitAddress(text: string): { readonly address: string; readonly port: number } {
  const [, v6, host, digits] = withPort.exec(text) ?? [];
  const port = Number(digits);
  const address = v6 ?? host;
  return address === undefined || port > 65_535 ? { address: text, port: 0 } : { address, port };
}

/** What people see of the metadata; readers take the tags. Consul refuses a service for a key or value that it cannot keep. */
function consulMeta({ metadata }: NodeRecord): Record<string, string> {
  const meta: Record<string, string> = {};
  for (const [key, value] of Object.entries(metadata)) {
    const fits = /^[\w-]{1,128}$/.test(key) && !key.startsWith('consul-') && value.length <= 512;
    if (fits && key !== '__proto__' && Object.keys(meta).length < 64) meta[key] = value;
  }
  return meta;
}

function agentCheck(
  address: string,
  ttlMs: number,
  { check, deregisterAfterMs }: Pick<Settings, 'check' | 'deregisterAfterMs'>,
): AgentCheck {
  const everyMs = check.type === 'ttl' ? ttlMs : check.intervalMs;
  const timeoutMs = check.type === 'ttl' ? undefined : check.timeoutMs;
  const rest = {
    name: 'go-micro',
    timeout: goDuration(timeoutMs ?? 10_000),
    deregistercriticalserviceafter: goDuration(deregisterAfterMs ?? defaultDeregisterMs(everyMs)),
  };
  // A TTL begins critical otherwise, and nobody would call us until the first renewal.
  if (check.type === 'ttl') return { ...rest, ttl: goDuration(ttlMs), status: 'passing' };
  return { ...rest, ...asked(check, address), interval: goDuration(everyMs) };
}

function asked(
  check: Exclude<ConsulCheck, { readonly type: 'ttl' }>,
  address: string,
): Readonly<Record<string, string | boolean>> {
  if (check.type === 'tcp') return { tcp: address };
  if (check.type === 'http') return { http: `${check.tls ? 'https' : 'http'}://${address}${check.path}` };
  const service = check.service === undefined ? '' : `/${check.service}`;
  return { grpc: `${address}${service}`, grpcusetls: check.tls ?? false };
}

/** As go-micro (plugins v4, registry/consul). */
function defaultDeregisterMs(everyMs: number): number {
  return everyMs < 60_000 ? 65_000 : everyMs + 5_000;
}
