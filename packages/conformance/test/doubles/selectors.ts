import {
  type Candidate,
  consistentHash,
  leastPending,
  random,
  type Selector,
  type Strategy,
} from '@micro/core';
import type { SelectorHarness, SelectorTrait } from '../../src/index.ts';
import type { Double } from './double.ts';

export const honestSelectors: readonly SelectorHarness[] = [
  { name: 'least-pending', features: new Set(['pending', 'even']), create: leastPending },
  { name: 'hash', features: new Set(['key', 'even']), create: () => consistentHash() },
];

function double(
  name: string,
  caughtBy: string,
  strategy: () => Strategy['pick'],
  traits: readonly SelectorTrait[] = [],
): Double<SelectorHarness> {
  const create = (): Selector => ({ name: 'double', strategy: () => ({ pick: strategy() }) });
  return { name, caughtBy, harness: { name, features: new Set(traits), create } };
}

function first(nodes: readonly Candidate[]): Candidate {
  const [node] = nodes;
  if (node === undefined) throw new Error('no nodes');
  return node;
}

function anyOf(): Strategy['pick'] {
  const { pick } = random().strategy('greeter');
  return pick;
}

export const selectorDoubles: readonly Double<SelectorHarness>[] = [
  double('always takes the first', 'gives every node some of the calls', () => first),
  double(
    'remembers the nodes it has seen first',
    'forgets nodes that are gone as soon as the array changes, and returns the new objects',
    () => {
      let known: readonly Candidate[] | undefined;
      const pick = anyOf();
      return (nodes, key) => {
        known ??= nodes;
        return pick(known, key);
      };
    },
  ),
  double(
    'has one memory for all services',
    'keeps the strategies of two services apart',
    (() => {
      const pick = anyOf();
      let known: readonly Candidate[] | undefined;
      return () => (nodes: readonly Candidate[], key: string | undefined) => {
        if (nodes.length > (known?.length ?? 0)) known = nodes;
        return pick(known ?? nodes, key);
      };
    })(),
  ),
  double(
    'returns a copy',
    'chooses one of the nodes that it is given, with and without a key',
    () => (nodes) => ({ ...first(nodes) }),
  ),
  double(
    'ignores the key',
    'keeps a key with its node, in every client, and moves few when a node goes',
    anyOf,
    ['key'],
  ),
  double(
    'takes the remainder of a hash',
    'keeps a key with its node, in every client, and moves few when a node goes',
    () =>
      (nodes, key = '') => {
        let sum = 0;
        for (const char of key) sum = (sum * 31 + char.charCodeAt(0)) >>> 0;
        return nodes[sum % nodes.length] ?? first(nodes);
      },
    ['key'],
  ),
  double(
    'prefers the busy',
    'chooses a busy node less than an idle one',
    () => (nodes) => [...nodes].sort((a, b) => b.pending - a.pending)[0] ?? first(nodes),
    ['pending'],
  ),
  double(
    'does not ask for the latency',
    'chooses a slow node less than a fast one, and asks for the latency',
    anyOf,
    ['latency'],
  ),
  double(
    'has a favourite',
    'gives nodes that do not differ equal shares',
    () => {
      const pick = anyOf();
      return (nodes, key) => (pick(nodes, key) === first(nodes) ? pick(nodes, key) : first(nodes));
    },
    ['even'],
  ),
];
