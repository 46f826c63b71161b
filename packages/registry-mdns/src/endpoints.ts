import type { EndpointRecord, Metadata, ValueRecord } from '@micro/core';

// Go describes two levels below a message; we allow more, but a hostile record must not nest without end.
const deepest = 16;

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

/** The text, or the empty text for what JSON leaves out. Throws for anything else. */
export function readText(json: unknown): string {
  if (json === null || json === undefined) return '';
  if (typeof json !== 'string') throw new TypeError('a text is no text');
  return json;
}

export function isObject(json: unknown): json is Readonly<Record<string, unknown>> {
  return typeof json === 'object' && json !== null && !Array.isArray(json);
}
