import { describe, expect, test } from '@jest/globals';
import { noMetadata } from '@micro/core';
import { type NodeCache, type NodeChange, nodeCache } from '../src/cache.ts';
import { newCatalog } from '../src/catalog.ts';
import { newInterests } from '../src/interests.ts';
import type { Sighting } from '../src/packet.ts';
import { encodeText } from '../src/txt.ts';

interface Overrides {
  readonly ttl?: number;
  readonly version?: string;
  readonly ttlMs?: number;
  readonly id?: string;
}

/** A node as Go announces it, or with a `ttlMs` as we do. */
function sighting(
  service: string,
  id: string,
  { ttl = 120, version = '1', ttlMs, id: told }: Overrides = {},
): Sighting {
  const text = encodeText({
    service,
    version,
    metadata: {},
    endpoints: [],
    id: told,
    serviceMetadata: undefined,
    ttlMs,
  });
  return { instance: `${id}.${service}.micro`, host: '127.0.0.1', port: 80, ttl, text: text.join('') };
}

function newCache(missSpacingMs = 0): { readonly cache: NodeCache; readonly changes: NodeChange[] } {
  const changes: NodeChange[] = [];
  const changed = (change: NodeChange): void => {
    changes.push(change);
  };
  return { cache: nodeCache({ domain: 'micro', missSpacingMs, wanted: () => true, changed }), changes };
}

const nodesOf = (cache: NodeCache, service: string): number =>
  cache.records(service).reduce((sum, { nodes }) => sum + nodes.length, 0);
const later = (): number => performance.now() + 1;

describe('the node cache', () => {
  test('groups by version, counts a node once, and tells only what is new', () => {
    const { cache, changes } = newCache();
    for (let again = 0; again < 3; again++) cache.hear(sighting('a', 'a-1'), true);
    cache.hear(sighting('a', 'a-2'), true);
    cache.hear(sighting('a', 'a-3', { version: '2' }), true);
    expect(cache.records('a').map(({ version, nodes }) => [version, nodes.map(({ id }) => id)])).toEqual([
      ['1', ['a-1', 'a-2']],
      ['2', ['a-3']],
    ]);
    expect(changes).toHaveLength(3);
    expect(cache.records('a')[0]?.metadata).toBe(noMetadata);
    cache.forget(() => true);
  });

  test('stays bounded under ten thousand nodes, and a flood of one name costs the others nothing', () => {
    const { cache } = newCache();
    for (let node = 0; node < 10; node++) cache.hear(sighting('calm', `calm-${node}`), true);
    for (let node = 0; node < 10_000; node++) cache.hear(sighting('flood', `flood-${node}`), true);
    expect(nodesOf(cache, 'flood')).toBe(4_086);
    expect(nodesOf(cache, 'calm')).toBe(10);
    expect(cache.records('flood')[0]?.nodes.at(-1)?.id).toBe('flood-9999');
    cache.forget(() => true);
    expect(cache.services()).toEqual([]);
  });

  test('takes a node out at a goodbye, and an answer that was under way does not bring it back', () => {
    const { cache, changes } = newCache();
    cache.hear(sighting('a', 'a-1'), true);
    cache.hear(sighting('a', 'a-1', { ttl: 0 }), false);
    expect(changes.at(-1)).toEqual({ type: 'remove', name: 'a', ids: ['a-1'] });
    cache.hear(sighting('a', 'a-1'), true);
    expect(nodesOf(cache, 'a')).toBe(0);
    cache.hear(sighting('a', 'a-1'), false);
    expect(nodesOf(cache, 'a')).toBe(1);
    cache.forget(() => true);
  });

  test('drops a Go node after three questions without an answer, and one that renews itself never', () => {
    const { cache } = newCache();
    cache.hear(sighting('a', 'go'), true);
    cache.hear(sighting('a', 'ours', { ttlMs: 60_000 }), true);
    expect([cache.missed('a', later()), cache.missed('a', later())]).toEqual([true, true]);
    cache.hear(sighting('a', 'go'), true);
    for (let miss = 0; miss < 2; miss++) cache.missed('a', later());
    expect(nodesOf(cache, 'a')).toBe(2);
    cache.missed('a', later());
    expect(cache.records('a')[0]?.nodes.map(({ id }) => id)).toEqual(['ours']);
    expect(cache.missed('a', later())).toBe(false);
    cache.forget(() => true);
  });

  test('counts questions in quick succession as one', () => {
    const { cache } = newCache(60_000);
    cache.hear(sighting('a', 'go'), true);
    for (let miss = 0; miss < 10; miss++) cache.missed('a', later());
    expect(nodesOf(cache, 'a')).toBe(1);
    cache.forget(() => true);
  });

  test('refuses nodes of other services and domains, and ids that are not behind their label', () => {
    const { cache, changes } = newCache();
    const one = sighting('a', 'a-1');
    for (const instance of ['a-1.b.micro', 'a-1.a.local', '.a.micro', 'a.micro', 'micro', '']) {
      expect(() => cache.hear({ ...one, instance }, true)).toThrow();
    }
    expect(() => cache.hear(sighting('a', 'label', { id: 'a-victim' }), true)).toThrow(/no node/);
    expect(changes).toEqual([]);
  });
});

describe('what is wanted and listed', () => {
  test('only the instances of services that somebody wants are read', () => {
    const interests = newInterests('micro');
    interests.add('a.b');
    interests.add('a.b');
    interests.drop('a.b');
    expect([interests.covers('x.a.b.micro'), interests.covers('x.b.micro')]).toEqual([true, false]);
    interests.drop('a.b');
    expect([interests.covers('x.a.b.micro'), interests.size]).toEqual([false, 0]);
    interests.add(undefined);
    expect([interests.covers('x.b.micro'), interests.has('anything')]).toEqual([true, true]);
  });

  test('the list of names is bounded', () => {
    const catalog = newCatalog('micro');
    for (let name = 0; name < 10_000; name++) catalog.hear(`n${name}._services.micro`, '');
    expect(catalog.names(0)).toHaveLength(4_096);
  });
});
