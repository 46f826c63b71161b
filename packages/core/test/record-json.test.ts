import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import type { EndpointRecord, Metadata, NodeRecord, ServiceRecord, ValueRecord } from '../src/index.ts';
import { decodeRecord, encodeRecord } from '../src/plugin.ts';

// TV3 and TV5 of the project's notes on go-micro's wire: what Go 1.26 with v4.11 and v5.30 kept in etcd
const endpointByGo =
  '{"request":{"name":"Request","type":"Request","values":[{"name":"name","type":"string","values":null}]},"response":{"name":"Response","type":"Response","values":[{"name":"msg","type":"string","values":null}]},"metadata":{},"name":"Greeter.Hello"}';
const nodeId = 'greeter-6f1b2c3d-4e5f-4a6b-8c7d-9e0f1a2b3c4d';
const metadata = {
  ...{ broker: 'http', protocol: 'mucp', registry: 'etcd', server: 'mucp', transport: 'http' },
};
const byGo = `{"name":"greeter","version":"latest","metadata":null,"endpoints":[${endpointByGo}],"nodes":[{"metadata":${JSON.stringify(metadata)},"id":"${nodeId}","address":"10.0.0.5:38291"}]}`;

const endpoint: EndpointRecord = {
  name: 'Greeter.Hello',
  request: { name: 'Request', type: 'Request', values: [{ name: 'name', type: 'string', values: null }] },
  response: { name: 'Response', type: 'Response', values: [{ name: 'msg', type: 'string', values: null }] },
  metadata: {},
};
const node: NodeRecord = { id: nodeId, address: '10.0.0.5:38291', metadata };
const greeter: ServiceRecord = {
  ...{ name: 'greeter', version: 'latest', metadata: {} },
  endpoints: [endpoint],
  nodes: [node],
};

/** Objects off the wire have no prototype; `toEqual` does not look, and this does. */
function checkSafe(value: unknown): void {
  if (typeof value !== 'object' || value === null) return;
  expect(Object.isFrozen(value)).toBe(true);
  for (const key of Object.keys(value)) checkSafe(Reflect.get(value, key));
}

describe("go-micro's JSON service record", () => {
  test('is written byte for byte as Go writes it since v4.10.2', () => {
    expect(encodeRecord(greeter, node)).toBe(byGo);
  });

  test('is written with the metadata of the service where it has any, and one node of many', () => {
    const other = { id: 'b', address: 'b:1', metadata: {} };
    const text = encodeRecord({ ...greeter, metadata: { team: 'a' }, nodes: [node, other] }, other);
    expect(JSON.parse(text)).toMatchObject({ metadata: { team: 'a' }, nodes: [other] });
    expect(JSON.parse(text).nodes).toHaveLength(1);
  });

  test.each([
    ['since v4.10.2', byGo],
    [
      'until v4.10.1',
      `{"name":"greeter","version":"latest","metadata":null,"endpoints":[{"name":"Greeter.Hello","request":${JSON.stringify(endpoint.request)},"response":${JSON.stringify(endpoint.response)},"metadata":{}}],"nodes":[{"id":"${nodeId}","address":"10.0.0.5:38291","metadata":${JSON.stringify(metadata)}}]}`,
    ],
    [
      'until v1.7, with the port beside the address',
      byGo.replace('"10.0.0.5:38291"', '"10.0.0.5","port":38291'),
    ],
  ])('of Go %s is read', (_, text) => {
    const read = decodeRecord(text);
    expect(read).toEqual(greeter);
    checkSafe(read);
    expect(Object.getPrototypeOf(read.metadata)).toBeNull();
    expect(Object.getPrototypeOf(read.nodes[0]?.metadata)).toBeNull();
  });

  test('without endpoints, nodes or metadata, as Go writes a query and a leaving node, is read', () => {
    const query = '{"name":"greeter","version":"","metadata":null,"endpoints":null,"nodes":null}';
    expect(decodeRecord(query)).toEqual({
      ...{ name: 'greeter', version: '', metadata: {}, endpoints: [], nodes: [] },
    });
    const leaving = query.replace('"nodes":null', `"nodes":[{"metadata":null,"id":"x","address":"a:1"}]`);
    expect(decodeRecord(leaving).nodes).toEqual([{ id: 'x', address: 'a:1', metadata: {} }]);
    expect(decodeRecord('{"name":"greeter"}')).toMatchObject({ version: '', nodes: [] });
  });

  test('a subscriber, whose response is null, is read', () => {
    const read = decodeRecord(
      '{"name":"s","endpoints":[{"request":null,"response":null,"metadata":{"subscriber":"true"},"name":"Func"}]}',
    );
    expect(read.endpoints).toEqual([
      { name: 'Func', request: null, response: null, metadata: { subscriber: 'true' } },
    ]);
  });

  test('metadata that is no text is left out, and __proto__ is a key like any other', () => {
    const { metadata: read } = decodeRecord(
      '{"name":"s","metadata":{"a":"1","b":2,"c":null,"__proto__":"p"}}',
    );
    expect(Object.entries(read)).toEqual([
      ['a', '1'],
      ['__proto__', 'p'],
    ]);
    expect(Object.getPrototypeOf(read)).toBeNull();
  });

  test.each([
    ['nothing', ''],
    ['half a text', byGo.slice(0, 100)],
    ['null', 'null'],
    ['a list', '[]'],
    ['a text', '"greeter"'],
    ['a record without a name', '{"version":"1"}'],
    ['an empty name', '{"name":""}'],
    ['a name that is no text', '{"name":1}'],
    ['a version that is no text', '{"name":"s","version":{}}'],
    ['nodes that are no list', '{"name":"s","nodes":{}}'],
    ['a node that is no object', '{"name":"s","nodes":[null]}'],
    ['a node without an id', '{"name":"s","nodes":[{"address":"a:1"}]}'],
    ['a node whose address is no text', '{"name":"s","nodes":[{"id":"a","address":7}]}'],
    ['an endpoint that is no object', '{"name":"s","endpoints":["x"]}'],
    ['a value that is no object', '{"name":"s","endpoints":[{"name":"x","request":"y"}]}'],
  ])('%s is refused', (_, text) => {
    expect(() => decodeRecord(text)).toThrow(Error);
  });

  test('is bounded in size and in depth', () => {
    const nested = (levels: number): string =>
      `{"name":"s","endpoints":[{"request":${'{"values":['.repeat(levels)}{}${']}'.repeat(levels)}}]}`;
    expect(decodeRecord(nested(16)).endpoints).toHaveLength(1);
    expect(() => decodeRecord(nested(17))).toThrow('nests too deep');
    expect(() => decodeRecord(nested(50_000))).toThrow(Error);
    const long = (length: number): string => {
      const text = '{"name":"s"}';
      return text + ' '.repeat(length - text.length);
    };
    expect(decodeRecord(long(2 << 20)).name).toBe('s');
    expect(() => decodeRecord(long((2 << 20) + 1))).toThrow(RangeError);
  });
});

const words = fc.string({ unit: 'binary', maxLength: 8 });
const anyMetadata = fc
  .array(fc.tuple(fc.oneof(words, fc.constant('__proto__')), words), { maxLength: 3 })
  .map((entries): Metadata => Object.assign(Object.create(null), Object.fromEntries(entries)));
const { shape } = fc.letrec<{ shape: ValueRecord }>((tie) => ({
  shape: fc.record({
    ...{ name: words, type: words },
    values: fc.oneof({ maxDepth: 3 }, fc.constant(null), fc.array(tie('shape'), { maxLength: 2 })),
  }),
}));
const value = fc.option(shape);
const anyNode = fc.record({
  id: fc.string({ unit: 'binary', minLength: 1 }),
  address: words,
  metadata: anyMetadata,
});
const anyRecord = fc.record({
  ...{ name: fc.string({ unit: 'binary', minLength: 1 }), version: words, metadata: anyMetadata },
  endpoints: fc.array(fc.record({ name: words, request: value, response: value, metadata: anyMetadata })),
  nodes: fc.array(anyNode, { minLength: 1, maxLength: 3 }),
});

describe('whatever comes', () => {
  test('what is written is read as it was', () => {
    fc.assert(
      fc.property(anyRecord, (record) => {
        const [first] = record.nodes;
        if (first === undefined) return;
        const read = decodeRecord(encodeRecord(record, first));
        expect(read).toEqual({ ...record, nodes: [first] });
        checkSafe(read);
      }),
    );
  });

  test('is read, frozen and whole, or refused with an error, and reaches no prototype', () => {
    const keys = fc.constantFrom(
      'name',
      'version',
      'metadata',
      'endpoints',
      'nodes',
      'id',
      'address',
      'request',
    );
    const more = fc.constantFrom('values', 'type', 'port', '__proto__', 'constructor');
    const json = fc.letrec((tie) => ({
      any: fc.oneof(
        { maxDepth: 6 },
        ...[fc.string(), fc.integer(), fc.constant(null), fc.boolean()],
        fc.array(tie('any'), { maxLength: 3 }),
        fc.dictionary(fc.oneof(keys, more), tie('any'), { maxKeys: 5 }),
      ),
    })).any;
    const texts = fc.oneof(
      fc.string(),
      json.map((one) => JSON.stringify(one)),
      json.map((one) => JSON.stringify({ name: 's', nodes: [one], endpoints: [one], metadata: one })),
      fc
        .tuple(fc.nat(byGo.length), fc.string({ maxLength: 3 }))
        .map(([at, by]) => byGo.slice(0, at) + by + byGo.slice(at + 1)),
    );
    fc.assert(
      fc.property(texts, (text) => {
        let read: ServiceRecord;
        try {
          read = decodeRecord(text);
        } catch (error) {
          expect(error).toBeInstanceOf(Error);
          return;
        }
        checkSafe(read);
        expect(read.name).not.toBe('');
        for (const { id, address } of read.nodes)
          expect([typeof id, typeof address]).toEqual(['string', 'string']);
      }),
      { numRuns: 2_000 },
    );
    expect(Object.keys(Object.prototype)).toEqual([]);
  });
});
