import { deflateSync, inflateSync } from 'node:zlib';
import type { EndpointRecord, Metadata, NodeRecord, ServiceRecord } from '@micro/core';
import { readEndpoints, readMetadata } from '@micro/core/plugin';

// More than a fleet's largest endpoint has; a tag is a stranger's and may unpack to anything.
const longest = 1 << 20;

/**
 * What go-micro keeps in a service's tags (docs/wire.md §7.1): `t` for each pair of the node's metadata, `e` for each
 * endpoint, `v` for the version; hex of zlib after a dash. And ours, which Go does not read: `s`, the service's own
 * metadata, where there is any.
 */
export function encodeTags(record: ServiceRecord, node: NodeRecord): readonly string[] {
  const pairs = Object.entries(node.metadata).map(([key, value]) => pack('t', pairJson(key, value)));
  const endpoints = record.endpoints.map((endpoint) => pack('e', endpointJson(endpoint)));
  const own = Object.keys(record.metadata).length === 0 ? [] : [pack('s', JSON.stringify(record.metadata))];
  return [...pairs, ...endpoints, pack('v', record.version), ...own];
}

export interface Tagged {
  readonly version: string;
  readonly metadata: Metadata;
  readonly endpoints: readonly EndpointRecord[];
  readonly nodeMetadata: Metadata;
}

/** Reads them, of any version of Go's. What cannot be read is left out, as in Go. */
export function decodeTags(tags: readonly string[]): Tagged {
  const pairs = Object.create(null);
  for (const json of unpackAll(tags, 't').map(parse)) Object.assign(pairs, readMetadata(json));
  return {
    version: unpackAll(tags, 'v')[0] ?? '',
    metadata: readMetadata(parse(unpackAll(tags, 's')[0] ?? 'null')),
    endpoints: Object.freeze(unpackAll(tags, 'e').flatMap((text) => readEndpoint(parse(text)))),
    nodeMetadata: Object.freeze(pairs),
  };
}

function readEndpoint(json: unknown): readonly EndpointRecord[] {
  try {
    return readEndpoints([json]);
  } catch {
    return []; // no endpoint of go-micro's: others may tag as they like
  }
}

/** The texts of a kind of tag. Where two styles are mixed, Go reads those of the first that it meets. */
function unpackAll(tags: readonly string[], kind: string): readonly string[] {
  const ours = tags.filter((tag) => tag[0] === kind && (tag[1] === '-' || tag[1] === '='));
  const [style, ...others] = new Set(ours.map((tag) => tag[1]));
  const chosen = others.length === 0 ? ours : ours.filter((tag) => tag[1] === style);
  return chosen.flatMap((tag) => unpack(tag));
}

function unpack(tag: string): readonly string[] {
  if (tag[1] === '=') return [tag.slice(2)];
  try {
    return [inflateSync(Buffer.from(tag.slice(2), 'hex'), { maxOutputLength: longest }).toString()];
  } catch {
    return []; // somebody's own tag that looks like one of go-micro's
  }
}

function pack(kind: string, text: string): string {
  return `${kind}-${deflateSync(text).toString('hex')}`;
}

function pairJson(key: string, value: string): string {
  return `{${JSON.stringify(key)}:${JSON.stringify(value)}}`;
}

function endpointJson({ name, request, response, metadata }: EndpointRecord): string {
  return JSON.stringify({ request, response, metadata, name });
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined; // read as nothing
  }
}
