import { deflateSync, inflateSync } from 'node:zlib';
import type { EndpointRecord, Metadata } from '@micro/core';
import { isObject, readEndpoints, readMetadata, readText } from '@micro/core/plugin';

/** What a node's TXT record says: go-micro's four keys, and ours, which Go readers skip. */
export interface NodeText {
  readonly service: string;
  readonly version: string;
  /** The node's, not the service's. */
  readonly metadata: Metadata;
  readonly endpoints: readonly EndpointRecord[];
  /** The node's id, where DNS cannot carry it as a name. */
  readonly id: string | undefined;
  /** The service's own metadata, which go-micro does not announce by mDNS. */
  readonly serviceMetadata: Metadata | undefined;
  /** How long the node lives without a word, in ms. Who says so announces itself again in time; Go nodes do not. */
  readonly ttlMs: number | undefined;
}

// Go cuts there: a TXT string has one length byte (RFC 1035 §3.3.14).
const stringLength = 255;
// A description of a thousand endpoints is some 300 kB.
const longestJson = 1 << 20;
// The longest lease that is believed: a day. Timers could not hold more than 24.8 of them.
const longestTtlMs = 86_400_000;

/** The strings of the TXT record: lower-case hex of zlib of JSON, cut at 255 characters. */
export function encodeText(text: NodeText): string[] {
  const json = {
    Metadata: text.metadata,
    Service: text.service,
    Version: text.version,
    Endpoints: text.endpoints.length === 0 ? null : text.endpoints,
    Id: text.id,
    ServiceMetadata: text.serviceMetadata,
    TtlMs: text.ttlMs,
  };
  const hex = deflateSync(JSON.stringify(json)).toString('hex');
  const strings: string[] = [];
  for (let at = 0; at < hex.length; at += stringLength) strings.push(hex.slice(at, at + stringLength));
  return strings;
}

/** Reads a TXT record's joined strings. Throws for what is not hex, zlib, JSON or the shape, or inflates past 1 MiB. */
export function decodeText(hex: string): NodeText {
  if (!/^(?:[\da-f]{2})+$/i.test(hex)) throw new TypeError('a TXT record is no hex');
  const json: unknown = JSON.parse(
    inflateSync(Buffer.from(hex, 'hex'), { maxOutputLength: longestJson }).toString(),
  );
  if (!isObject(json)) throw new TypeError('a TXT record is no JSON object');
  const { TtlMs: ttlMs } = json;
  return {
    service: readText(json.Service),
    version: readText(json.Version),
    metadata: readMetadata(json.Metadata),
    endpoints: readEndpoints(json.Endpoints),
    id: json.Id === undefined ? undefined : readText(json.Id),
    serviceMetadata: json.ServiceMetadata === undefined ? undefined : readMetadata(json.ServiceMetadata),
    ttlMs: typeof ttlMs === 'number' && ttlMs > 0 ? Math.min(ttlMs, longestTtlMs) : undefined,
  };
}
