import type { Metadata } from './metadata.ts';
import type { EndpointRecord, NodeRecord, ServiceRecord, ValueRecord } from './registry.ts';

// Go describes two levels below a message; we allow more, but a hostile record must not nest without end.
const deepest = 16;
// More than any store takes as one value (etcd 1.5 MiB, ZooKeeper and NATS 1 MiB, Consul 512 KiB).
const longest = 2 << 20;

/**
 * The record with this one node as go-micro's JSON Service (docs/wire.md §1.1): what etcd, ZooKeeper and NATS keep of
 * a node. Keys in the order of Go since v4.10.2, and a service without metadata says `null`, as Go's do.
 */
export function encodeRecord(
  { name, version, metadata, endpoints }: ServiceRecord,
  node: NodeRecord,
): string {
  return JSON.stringify({
    name,
    version,
    metadata: Object.keys(metadata).length === 0 ? null : metadata,
    endpoints: endpoints.map(({ name, request, response, metadata }) => ({
      request,
      response,
      metadata,
      name,
    })),
    nodes: [{ metadata: node.metadata, id: node.id, address: node.address }],
  });
}

/** Reads go-micro's JSON Service, of any version of Go's. Frozen. Throws for what is not its shape, or over 2 MiB. */
export function decodeRecord(text: string): ServiceRecord {
  if (text.length > longest) throw new RangeError(`a service's record has ${text.length} characters`);
  const json: unknown = JSON.parse(text);
  if (!isObject(json)) throw new TypeError("a service's record is no object");
  const name = readText(json.name);
  if (name === '') throw new TypeError("a service's record has no name");
  return Object.freeze({
    name,
    version: readText(json.version),
    metadata: readMetadata(json.metadata),
    endpoints: readEndpoints(json.endpoints),
    nodes: Object.freeze(readList(json.nodes).map(readNode)),
  });
}

/** Text values of a JSON object, without a prototype and frozen. What is not text is left out. */
export function readMetadata(json: unknown): Metadata {
  const metadata: Record<string, string> = Object.create(null);
  if (isObject(json)) {
    for (const [key, value] of Object.entries(json)) if (typeof value === 'string') metadata[key] = value;
  }
  return Object.freeze(metadata);
}

/** go-micro's endpoint list, frozen. Throws for what is not its shape; `null` is an empty list. */
export function readEndpoints(json: unknown): readonly EndpointRecord[] {
  return Object.freeze(readList(json).map(readEndpoint));
}

/** The text, or the empty text for what JSON leaves out. Throws for anything else. */
export function readText(json: unknown): string {
  if (json === null || json === undefined) return '';
  if (typeof json !== 'string') throw new TypeError('a text is no text');
  return json;
}

/** Whether it is a JSON object: neither null nor a list. */
export function isObject(json: unknown): json is Readonly<Record<string, unknown>> {
  return typeof json === 'object' && json !== null && !Array.isArray(json);
}

function readNode(json: unknown): NodeRecord {
  if (!isObject(json)) throw new TypeError('a node is no object');
  const id = readText(json.id);
  const address = readText(json.address);
  if (id === '') throw new TypeError('a node has no id');
  const { port } = json; // beside the address until Go's v1.7
  return Object.freeze({
    id,
    address: typeof port === 'number' && port > 0 ? `${address}:${port}` : address,
    metadata: readMetadata(json.metadata),
  });
}

function readEndpoint(json: unknown): EndpointRecord {
  if (!isObject(json)) throw new TypeError('an endpoint is no object');
  return Object.freeze({
    name: readText(json.name),
    request: readValue(json.request, 0),
    response: readValue(json.response, 0),
    metadata: readMetadata(json.metadata),
  });
}

function readValue(json: unknown, depth: number): ValueRecord | null {
  if (json === null || json === undefined) return null;
  if (!isObject(json) || depth > deepest) throw new TypeError('a value is no object, or nests too deep');
  const { values } = json;
  return Object.freeze({
    name: readText(json.name),
    type: readText(json.type),
    values: values === null || values === undefined ? null : Object.freeze(readChildren(values, depth + 1)),
  });
}

function readChildren(json: unknown, depth: number): ValueRecord[] {
  return readList(json)
    .map((child) => readValue(child, depth))
    .filter((child) => child !== null);
}

function readList(json: unknown): readonly unknown[] {
  if (json === null || json === undefined) return [];
  if (!Array.isArray(json)) throw new TypeError('a list is no list');
  return json;
}
