import { describe, expect, test } from '@jest/globals';
import type { Candidate, Strategy } from '../src/selector.ts';
import { consistentHash, leastPending, peakEwma, random, roundRobin } from '../src/selectors.ts';

function node(id: string, more: Partial<Candidate> = {}): Candidate {
  return {
    id,
    address: `${id}:1`,
    version: '1',
    metadata: {},
    endpoints: [],
    pending: 0,
    latencyMs: 0,
    ...more,
  };
}

function counts(strategy: Strategy, nodes: readonly Candidate[], picks: number): number[] {
  const seen = new Map(nodes.map((one) => [one, 0]));
  for (let pick = 0; pick < picks; pick++) {
    const chosen = strategy.pick(nodes, undefined);
    seen.set(chosen, (seen.get(chosen) ?? 0) + 1);
  }
  return nodes.map((one) => seen.get(one) ?? 0);
}

const nodes = ['a', 'b', 'c', 'd', 'e'].map((id) => node(id));

describe('selectors', () => {
  test('least-pending and random give equal nodes equal shares', () => {
    for (const selector of [leastPending(), random(), peakEwma()]) {
      for (const count of counts(selector.strategy('s'), nodes, 50_000)) {
        expect(count).toBeGreaterThan(9_000);
        expect(count).toBeLessThan(11_000);
      }
    }
  });

  test('least-pending never takes the busiest of several nodes', () => {
    const busy = [node('a', { pending: 3 }), node('b', { pending: 9 }), node('c', { pending: 5 })];
    const [a = 0, b, c = 0] = counts(leastPending().strategy('s'), busy, 3_000);
    expect(b).toBe(0);
    expect(a).toBeGreaterThan(c); // of the three pairs, a wins two
  });

  test('peak-ewma prefers the fast node, and asks for the latency', () => {
    const strategy = peakEwma().strategy('s');
    expect(strategy.observesLatency).toBe(true);
    expect(counts(strategy, [node('slow', { latencyMs: 90 }), node('fast', { latencyMs: 9 })], 100)).toEqual([
      0, 100,
    ]);
  });

  test('peak-ewma gives a node that has not answered one call, not all of them', () => {
    const strategy = peakEwma().strategy('s');
    const fresh = node('fresh');
    const known = node('known', { latencyMs: 20, pending: 4 });
    expect(counts(strategy, [fresh, known], 50)).toEqual([50, 0]);
    expect(counts(strategy, [{ ...fresh, pending: 1 }, known], 50)).toEqual([0, 50]);
  });

  test('round-robin gives exact shares', () => {
    expect(counts(roundRobin().strategy('s'), nodes, 50)).toEqual([10, 10, 10, 10, 10]);
  });

  test('the hash moves only the keys of the node that went', () => {
    const [one, two] = [consistentHash().strategy('s'), consistentHash().strategy('s')];
    const shuffled = [...nodes].reverse();
    const fewer = nodes.filter(({ id }) => id !== 'c');
    const keys = Array.from({ length: 2_000 }, (_, index) => `user-${index}`);
    const before = keys.map((key) => one.pick(nodes, key).id);
    expect(keys.map((key) => two.pick(shuffled, key).id)).toEqual(before);
    const after = keys.map((key) => one.pick(fewer, key).id);
    keys.forEach((_, index) => {
      if (before[index] !== 'c') expect(after[index]).toBe(before[index]);
    });
    for (const { id } of nodes) expect(before.filter((owner) => owner === id).length).toBeGreaterThan(200);
  });

  test('the hash returns the candidates of the array it was given, not those of an older one', () => {
    const strategy = consistentHash({ replicas: 8 }).strategy('s');
    strategy.pick(nodes, 'key');
    const renewed = nodes.map((one) => ({ ...one }));
    expect(renewed).toContain(strategy.pick(renewed, 'key'));
  });
});
