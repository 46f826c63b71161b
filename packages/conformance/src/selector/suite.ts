import assert from 'node:assert/strict';
import type { Candidate, Selector, Strategy } from '@micro/core';
import { nothingLeft, resources } from '../leaks.ts';
import type { Suite } from '../suite.ts';
import type { SelectorCase, SelectorHarness } from './harness.ts';

function candidate(id: string, more: Partial<Candidate> = {}): Candidate {
  const metadata = Object.freeze({});
  const base = {
    id,
    address: `${id}:1`,
    version: '1.0.0',
    metadata,
    endpoints: [],
    pending: 0,
    latencyMs: 5,
  };
  return Object.freeze({ ...base, ...more });
}

function candidates(count: number): readonly Candidate[] {
  return Object.freeze(Array.from({ length: count }, (_, index) => candidate(`node-${index}`)));
}

/** How often each was chosen, in the order of the nodes. Throws for a choice that is not among them. */
function shares(
  strategy: Strategy,
  nodes: readonly Candidate[],
  picks: number,
  keyed = false,
): readonly number[] {
  const counts = new Map(nodes.map((node) => [node, 0]));
  for (let pick = 0; pick < picks; pick++) {
    const chosen = strategy.pick(nodes, keyed ? `key-${pick}` : undefined);
    const count = counts.get(chosen);
    if (count === undefined) assert.fail(`chose ${chosen?.id}, which is not one of the nodes`);
    counts.set(chosen, count + 1);
  }
  return [...counts.values()];
}

const cases: readonly SelectorCase[] = [
  {
    name: 'has a name, and a strategy for any service',
    async run({ create }) {
      const selector = await create();
      assert.match(selector.name, /^[a-z][a-z0-9-]*$/);
      for (const service of ['greeter', '__proto__', '']) {
        assert.equal(shares(selector.strategy(service), candidates(1), 3)[0], 3);
      }
    },
  },
  {
    name: 'chooses one of the nodes that it is given, with and without a key',
    async run({ create }) {
      const strategy = (await create()).strategy('greeter');
      for (const count of [1, 2, 3, 50, 3, 2, 1]) {
        shares(strategy, candidates(count), 300);
        shares(strategy, candidates(count), 300, true);
      }
    },
  },
  {
    name: 'gives every node some of the calls',
    async run({ create }) {
      const strategy = (await create()).strategy('greeter');
      for (const keyed of [false, true]) {
        const counts = shares(strategy, candidates(5), 5_000, keyed);
        assert.ok(
          counts.every((count) => count > 0),
          `shares of 5000: ${counts.join(', ')}`,
        );
      }
    },
  },
  {
    name: 'gives nodes that do not differ equal shares',
    needs: ['even'],
    async run({ create }) {
      const counts = shares((await create()).strategy('greeter'), candidates(5), 20_000);
      assert.ok(
        counts.every((count) => count > 3_000 && count < 5_000),
        `shares of 20000: ${counts.join(', ')}`,
      );
    },
  },
  {
    name: 'forgets nodes that are gone as soon as the array changes, and returns the new objects',
    async run({ create }) {
      const strategy = (await create()).strategy('greeter');
      const all = candidates(4);
      shares(strategy, all, 100, true);
      shares(strategy, Object.freeze(all.slice(1)), 100, true);
      shares(strategy, candidates(4), 100, true); // the same ids, other objects
      shares(strategy, Object.freeze([...all].reverse()), 100);
    },
  },
  {
    name: 'keeps the strategies of two services apart',
    async run({ create }) {
      const selector = await create();
      const [one, two] = [selector.strategy('one'), selector.strategy('two')];
      const [few, many] = [candidates(2), candidates(9)];
      for (let round = 0; round < 200; round++) {
        shares(one, few, 1, round % 2 === 0);
        shares(two, many, 1, round % 2 === 0);
      }
    },
  },
  {
    name: 'chooses a busy node less than an idle one',
    needs: ['pending'],
    async run({ create }) {
      const nodes = [candidate('idle'), candidate('busy', { pending: 20 }), candidate('idle-too')];
      const [idle = 0, busy = 0, idleToo = 0] = shares((await create()).strategy('greeter'), nodes, 1_000);
      assert.ok(busy * 2 < Math.min(idle, idleToo), `the busy one got ${busy} of 1000`);
    },
  },
  {
    name: 'chooses a slow node less than a fast one, and asks for the latency',
    needs: ['latency'],
    async run({ create }) {
      const strategy = (await create()).strategy('greeter');
      assert.equal(strategy.observesLatency, true);
      const nodes = [candidate('fast'), candidate('slow', { latencyMs: 500 }), candidate('fast-too')];
      const [fast = 0, slow = 0, fastToo = 0] = shares(strategy, nodes, 1_000);
      assert.ok(slow * 2 < Math.min(fast, fastToo), `the slow one got ${slow} of 1000`);
    },
  },
  {
    name: 'keeps a key with its node, in every client, and moves few when a node goes',
    needs: ['key'],
    async run({ create }) {
      const [one, two] = [(await create()).strategy('greeter'), (await create()).strategy('greeter')];
      const nodes = candidates(5);
      const fewer = Object.freeze(nodes.slice(0, 4));
      const keys = Array.from({ length: 1_000 }, (_, index) => `user-${index}`);
      const owners = keys.map((key) => one.pick(nodes, key).id);
      const others = Object.freeze([...candidates(5)].reverse());
      assert.deepEqual(
        keys.map((key) => two.pick(others, key).id),
        owners,
        'another client chose otherwise',
      );
      const after = keys.map((key) => one.pick(fewer, key).id);
      const moved = keys.filter(
        (_, index) => owners[index] !== 'node-4' && owners[index] !== after[index],
      ).length;
      assert.ok(moved < 50, `${moved} of 1000 keys moved although their node stayed`);
    },
  },
  {
    name: 'leaves no socket, timer or listener',
    async run({ create }) {
      using before = resources();
      shares((await create()).strategy('greeter'), candidates(9), 1_000, true);
      await nothingLeft(before);
    },
  },
];

/** What every selector has to do. */
export const selectorSuite: Suite<SelectorHarness, Selector> = { kind: 'selector', cases };
