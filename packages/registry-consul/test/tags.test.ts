import { deflateSync } from 'node:zlib';
import { describe, expect, test } from '@jest/globals';
import { goDuration } from '../src/duration.ts';
import { agentService } from '../src/services.ts';
import { decodeTags, encodeTags } from '../src/tags.ts';
import { endpointByGo, endpointJson, metadataByGo, protocolElsewhere, versionsByGo } from './vectors.ts';

const node = { id: 'greeter-1', address: '10.0.0.5:38291', metadata: { protocol: 'mucp' } };
const endpoint = JSON.parse(endpointJson);
const greeter = { name: 'greeter', version: 'latest', metadata: {}, endpoints: [endpoint], nodes: [node] };
const pack = (kind: string, text: string): string => `${kind}-${deflateSync(text).toString('hex')}`;

describe('tags', () => {
  test.each(Object.entries(versionsByGo))("Go's version %s is read", (version, tag) => {
    expect(decodeTags([tag]).version).toBe(version);
  });

  test("Go's metadata and endpoints are read", () => {
    const { nodeMetadata, endpoints } = decodeTags([...Object.values(metadataByGo), endpointByGo]);
    const merged = Object.assign({}, ...Object.keys(metadataByGo).map((json) => JSON.parse(json)));
    expect({ ...nodeMetadata }).toEqual(merged);
    expect(JSON.parse(JSON.stringify(endpoints))).toEqual([endpoint]);
  });

  test('ours are those of any zlib, a pair of metadata each, keys in the order of Go', () => {
    expect(encodeTags(greeter, node)).toEqual([
      protocolElsewhere,
      pack('e', endpointJson),
      pack('v', 'latest'),
    ]);
  });

  test('the plain form of old is read, and where both are mixed, the first', () => {
    expect(decodeTags(['v=1.0', 't={"a":"b"}'])).toMatchObject({ version: '1.0', nodeMetadata: { a: 'b' } });
    const mixed = decodeTags(['t={"plain":"yes"}', pack('t', '{"packed":"no"}')]);
    expect({ ...mixed.nodeMetadata }).toEqual({ plain: 'yes' });
  });

  test('the metadata of the service itself has a tag of ours', () => {
    const metadata = { team: 'blue' };
    expect({ ...decodeTags(encodeTags({ ...greeter, metadata }, node)).metadata }).toEqual(metadata);
  });

  test('what strangers tag does no harm: no bytes, bombs, prototypes', () => {
    const bomb = pack('e', JSON.stringify({ name: 'x'.repeat(2 << 20) }));
    const prototype = pack('t', '{"__proto__":"x"}');
    const read = decodeTags([
      'v-zz',
      't-',
      'e-00',
      'e=[1',
      'v',
      '',
      'production',
      bomb,
      prototype,
      pack('e', '[]'),
    ]);
    expect(read).toMatchObject({ version: '', endpoints: [] });
    expect(Object.keys(read.nodeMetadata)).toEqual(['__proto__']);
    expect(Reflect.get({}, 'x')).toBeUndefined();
  });
});

describe('durations', () => {
  test.each([
    [250, '250ms'],
    [1_500, '1.5s'],
    [10_000, '10s'],
    [60_000, '1m0s'],
    [65_000, '1m5s'],
    [95_000, '1m35s'],
    [3_600_000, '1h0m0s'],
  ])('%d ms is %s in Go', (ms, text) => {
    expect(goDuration(ms)).toBe(text);
  });
});

describe('checks', () => {
  const of = (check: Parameters<typeof agentService>[3]['check'], ttlMs = 60_000): object =>
    agentService(greeter, node, ttlMs, { check, tags: ['blue'], deregisterAfterMs: undefined }).check;

  test.each([
    [10_000, '10s', '1m5s'],
    [60_000, '1m0s', '1m5s'],
    [90_000, '1m30s', '1m35s'],
  ])('a ttl of %d ms is %s, and forgotten after %s, as in Go', (ttlMs, ttl, after) => {
    expect(of({ type: 'ttl' }, ttlMs)).toMatchObject({ ttl, deregistercriticalserviceafter: after });
  });

  test('the agent asks the node in the ways that Consul has', () => {
    const intervalMs = 10_000;
    expect(of({ type: 'tcp', intervalMs })).toMatchObject({ tcp: node.address, interval: '10s' });
    expect(of({ type: 'http', path: '/health', intervalMs })).toMatchObject({
      http: `http://${node.address}/health`,
    });
    expect(of({ type: 'grpc', service: 'greeter', tls: true, intervalMs, timeoutMs: 500 })).toMatchObject({
      grpc: `${node.address}/greeter`,
      grpcusetls: true,
      timeout: '500ms',
    });
  });

  test('metadata that Consul would refuse is in the tags alone', () => {
    const metadata = { 'with space': 'x', größe: 'x', long: 'x'.repeat(513), 'consul-own': 'x', good: 'yes' };
    const { meta } = agentService(greeter, { ...node, metadata }, 1_000, {
      check: { type: 'ttl' },
      tags: [],
      deregisterAfterMs: 1,
    });
    expect(meta).toEqual({ good: 'yes' });
  });
});
