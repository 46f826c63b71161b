import { types } from 'node:util';
import { deflateSync, inflateSync } from 'node:zlib';
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { decodeText, encodeText, type NodeText } from '../src/txt.ts';
import { largeByGo, largeJson, smallByGo, smallByNode, smallJson } from './vectors.ts';

const { isNativeError } = types;
const hexOf = (json: string | Buffer): string => deflateSync(json).toString('hex');

const small: NodeText = {
  service: 'test1',
  version: '1.0.1',
  metadata: { foo: 'bar' },
  endpoints: [],
  id: undefined,
  serviceMetadata: undefined,
  ttlMs: undefined,
};

describe('TXT records', () => {
  test('reads what Go wrote, in one string and in two', () => {
    expect(decodeText(smallByGo)).toEqual(small);
    expect(decodeText(smallByNode)).toEqual(small);
    const large = decodeText(largeByGo.join(''));
    expect(large).toMatchObject({ service: 'greeter', version: 'latest' });
    expect(large.metadata).toEqual({
      broker: 'http',
      protocol: 'mucp',
      registry: 'mdns',
      server: 'mucp',
      transport: 'http',
    });
    expect(large.endpoints).toEqual(JSON.parse(largeJson).Endpoints);
  });

  test('writes the JSON of Go, key for key, and cuts it where Go cuts it', () => {
    const json = (strings: readonly string[]): string =>
      inflateSync(Buffer.from(strings.join(''), 'hex')).toString();
    const [only, ...more] = encodeText(small);
    expect(more).toEqual([]);
    expect(json([only ?? ''])).toBe(smallJson);
    const large = encodeText(decodeText(largeByGo.join('')));
    expect(large.map((part) => part.length < 256)).toEqual([true, true]);
    expect(large[0]).toHaveLength(255);
    expect(JSON.parse(json(large))).toEqual(JSON.parse(largeJson));
  });

  test('keeps what Go has no key for: an id, metadata of the service, a TTL', () => {
    const text: NodeText = { ...small, id: 'größe', serviceMetadata: { a: 'b' }, ttlMs: 1500 };
    expect(decodeText(encodeText(text).join(''))).toEqual(text);
  });

  test('keeps any metadata, also keys that are dangerous elsewhere', () => {
    fc.assert(
      fc.property(fc.dictionary(fc.string(), fc.string()), fc.string(), (metadata, version) => {
        const copy = Object.assign(Object.create(null), metadata, JSON.parse('{"constructor":"x"}'));
        const read = decodeText(encodeText({ ...small, version, metadata: copy }).join(''));
        expect({ ...read.metadata }).toEqual({ ...copy });
        expect(read.version).toBe(version);
      }),
    );
  });

  test('lets no key become a prototype, and leaves out metadata that is not text', () => {
    const json =
      '{"Service":"a","Metadata":{"__proto__":"x","n":1,"o":{}},"ServiceMetadata":{"__proto__":{"polluted":"y"}},"__proto__":{"Version":"z"}}';
    const read = decodeText(hexOf(json));
    expect(Object.getPrototypeOf(read.metadata)).toBeNull();
    expect(Object.entries(read.metadata)).toEqual([['__proto__', 'x']]);
    expect(Object.keys(read.serviceMetadata ?? {})).toEqual([]);
    expect(read.version).toBe('');
    expect('polluted' in {}).toBe(false);
  });

  test('refuses what inflates without end, and never inflates it', () => {
    const bomb = hexOf(Buffer.concat([Buffer.alloc(60 << 20, 0x20), Buffer.from('{"Service":"a"}')]));
    const before = process.memoryUsage().arrayBuffers;
    expect(() => decodeText(bomb)).toThrow();
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(8 << 20);
  });

  test('refuses what is no hex, zlib, JSON or the shape, and nothing else happens', () => {
    const nested = `${'{"values":['.repeat(40)}{}${']}'.repeat(40)}`;
    const bad = [
      '',
      '7',
      'zz',
      '00ff',
      hexOf('{'),
      hexOf('[]'),
      hexOf('null'),
      hexOf('"x"'),
      hexOf('{"Service":7}'),
    ];
    const shapes = [
      '{"Endpoints":{}}',
      '{"Endpoints":[3]}',
      '{"Endpoints":[{"name":{}}]}',
      `{"Endpoints":[{"request":${nested}}]}`,
    ];
    for (const hex of [...bad, ...shapes.map(hexOf)]) expect(() => decodeText(hex)).toThrow();
    expect(decodeText(hexOf(`{"Service":"a","TtlMs":1e300}`)).ttlMs).toBe(86_400_000);
    expect(decodeText(hexOf(`{"Service":"a","TtlMs":-1}`)).ttlMs).toBeUndefined();
  });

  test('survives any bytes and any JSON: a record or an error, both bounded', () => {
    const tried = (hex: string): void => {
      try {
        decodeText(hex);
      } catch (error) {
        expect(isNativeError(error)).toBe(true);
      }
    };
    fc.assert(fc.property(fc.string(), tried));
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => tried(Buffer.from(bytes).toString('hex'))),
    );
    fc.assert(fc.property(fc.json(), (json) => tried(hexOf(json))));
    const key = fc.constantFrom(
      'Metadata',
      'Service',
      'Version',
      'Endpoints',
      'Id',
      'ServiceMetadata',
      'TtlMs',
    );
    fc.assert(fc.property(fc.dictionary(key, fc.jsonValue()), (json) => tried(hexOf(JSON.stringify(json)))));
  });
});
