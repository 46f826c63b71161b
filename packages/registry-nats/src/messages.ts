import type { NodeRecord, ServiceRecord } from '@micro/core';
import { decodeRecord, encodeRecord, isObject, readText } from '@micro/core/plugin';

/** A node's part of go-micro's JSON Service: nodes with the same `service` travel in one. */
export interface EncodedNode {
  /** Up to the list of nodes. */
  readonly service: string;
  readonly node: string;
}

const nodesKey = '"nodes":[';

export function encodeNode(record: ServiceRecord, node: NodeRecord): EncodedNode {
  const text = encodeRecord(record, node);
  // in no text of JSON can the key stand with its quotes, and nothing but the nodes is a list under that name
  const at = text.indexOf(nodesKey) + nodesKey.length;
  return { service: text.slice(0, at), node: text.slice(at, -2) };
}

/** go-micro's JSON Service. Besides Go's keys it says how long it lives; Go passes over what it does not know. */
export function serviceText({ service }: EncodedNode, nodes: readonly string[], ttlMs: number): string {
  return `${service}${nodes.join(',')}],"ttl_ms":${ttlMs}}`;
}

/** go-micro's Result, a query or an announcement. `via`: all prefixes that it is published under. */
export function resultText(action: string, service: string, via: readonly string[]): string {
  return `{"Service":${service},"Action":"${action}","Via":${JSON.stringify(via)}}`;
}

export function queryText(name: string | undefined, via: readonly string[]): string {
  if (name === undefined) return resultText('list', 'null', via);
  const service = { name, version: '', metadata: null, endpoints: null, nodes: null };
  return resultText('get', JSON.stringify(service), via);
}

/** What takes nodes out, as Go writes it. */
export function goneText(record: ServiceRecord): string {
  const { name, version, nodes } = record;
  return JSON.stringify({
    name,
    version,
    metadata: null,
    endpoints: null,
    nodes: nodes.map(({ id, address }) => ({ metadata: null, id, address })),
  });
}

export interface Result {
  readonly action: string;
  /** Of a query for a service, and of an announcement. */
  readonly service: Readonly<Record<string, unknown>> | undefined;
  readonly via: readonly unknown[];
}

/** Throws for what is no Result. */
export function readResult(text: string): Result {
  const json: unknown = JSON.parse(text);
  if (!isObject(json)) throw new TypeError('a Result is no object');
  const { Action: action, Service: service, Via: via } = json;
  return {
    action: readText(action),
    service: isObject(service) ? service : undefined,
    via: Array.isArray(via) ? via : [],
  };
}

export interface Seen {
  readonly record: ServiceRecord;
  /** Undefined: Go does not say. */
  readonly ttlMs: number | undefined;
}

const day = 86_400_000;

/** Throws for what is no Service. */
export function readService(json: unknown): Seen {
  const record = decodeRecord(JSON.stringify(json));
  const ttlMs = isObject(json) ? json.ttl_ms : undefined;
  const known = typeof ttlMs === 'number' && ttlMs > 0;
  return { record, ttlMs: known ? Math.min(ttlMs, day) : undefined };
}
