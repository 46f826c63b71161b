import assert from 'node:assert/strict';
import type { Broker } from '@micro/core';
import { eventually, within } from '../eventually.ts';
import { rejects } from '../expectations.ts';
import { type CutProxy, cutProxy } from '../faults/cut-proxy.ts';
import { strangers } from '../faults/strangers.ts';
import type { BrokerFaultCase, BrokerFaultScope } from './fault-harness.ts';
import { ack, message, numbered, subscribe } from './inbox.ts';
import { allArrived, publishAll } from './steady-publisher.ts';

const ways = { stop: 'stopped', kill: 'killed' } as const;
/** Longer than the patience that client libraries have by default. */
const awayMs = { stop: 10_000, kill: 0 } as const;

async function behindProxy({
  harness,
  defer,
}: BrokerFaultScope): Promise<{ readonly proxy: CutProxy; readonly broker: Broker }> {
  const proxy = await cutProxy(harness.port(), harness.proxyPort?.());
  defer(() => proxy.close());
  const broker = (await harness.createAt?.(proxy.port)) ?? (await harness.create());
  defer(() => broker.close());
  return { proxy, broker };
}

/** Cuts, when so many events have come, while more are published. */
async function cutUnderWay(
  scope: BrokerFaultScope,
  after: readonly number[],
  cut: (proxy: CutProxy) => void,
): Promise<void> {
  const { proxy, broker } = await behindProxy(scope);
  const topic = scope.unique();
  const durable = { queue: scope.unique('queue'), durable: true };
  const inbox = await subscribe(scope, broker, topic, durable);
  const texts = numbered(3_000);
  const publishing = publishAll(broker, topic, texts, { batch: 20 });
  for (const part of after) {
    await eventually(() => inbox.texts.length > part, { timeoutMs: 30_000 });
    cut(proxy);
  }
  await publishing;
  scope.harness.note?.(`cut: ${await allArrived(() => inbox.texts, texts)} duplicates of ${texts.length}`);
}

/** The server, or the way to it, goes away under publishers and subscribers. */
export const outageFaults: readonly BrokerFaultCase[] = [
  ...(['stop', 'kill'] as const).map(
    (way): BrokerFaultCase => ({
      name: `the server is ${ways[way]} and started again: a durable queue loses nothing that was confirmed`,
      needs: ['ack', 'queue', 'durable', 'redelivery'],
      async run(scope) {
        const { harness } = scope;
        const [publisher, broker] = [await scope.create(), await scope.create()];
        const topic = scope.unique();
        const durable = { queue: scope.unique('queue'), durable: true };
        const inbox = await subscribe(scope, broker, topic, durable);
        const subscribedAt = performance.now();
        await eventually(() => performance.now() - subscribedAt > (harness.settledMs ?? 0));
        const texts = numbered(2_000);
        const publishing = publishAll(publisher, topic, texts, { batch: 20 });
        await scope.eventually(() => inbox.texts.length > 200);
        scope.defer(() => harness.server().start());
        await harness.server()[way]();
        await eventually(() => !inbox.subscription.active, { timeoutMs: 30_000 });
        const awayAt = performance.now();
        await rejects(publisher.publish(topic, [message('while it is away')]), 'unavailable', 15_000);
        await eventually(() => performance.now() - awayAt > awayMs[way], { timeoutMs: 15_000 });
        await harness.server().start();
        await publishing;
        harness.note?.(`${way}: ${await allArrived(() => inbox.texts, texts)} duplicates of ${texts.length}`);
        assert.equal(inbox.subscription.active, true);
        assert.ok(inbox.errors.length > 0, 'the loss was not told');
      },
    }),
  ),
  {
    name: 'the connection is cut three times: a durable queue loses nothing that was confirmed',
    needs: ['ack', 'queue', 'durable', 'redelivery'],
    asks: ['createAt'],
    run: (scope) => cutUnderWay(scope, [500, 1_000, 1_500], (proxy) => proxy.cut()),
  },
  {
    name: 'answers are cut midway, time and again: what follows is not taken for their rest, and nothing is lost',
    needs: ['ack', 'queue', 'durable', 'redelivery'],
    asks: ['createAt'],
    run: (scope) => cutUnderWay(scope, [200, 400, 600, 800, 1_000, 1_200], (proxy) => proxy.cutMidway()),
  },
  {
    name: 'a server that falls silent is noticed by publishers and subscribers, and taken up again',
    asks: ['createAt'],
    async run(scope) {
      const { proxy, broker } = await behindProxy(scope);
      const topic = scope.unique();
      const inbox = await subscribe(scope, broker, topic);
      await broker.publish(topic, [message('before')]);
      await inbox.gets(['before']);
      proxy.silence();
      await rejects(broker.publish(topic, [message('silence')]), 'unavailable', 30_000);
      await eventually(() => !inbox.subscription.active, { timeoutMs: 30_000 });
      await proxy.restore();
      await eventually(() => inbox.subscription.active, { timeoutMs: 30_000 });
      await eventually(() => broker.publish(topic, [message('after')]), { timeoutMs: 30_000 });
      await scope.eventually(() => inbox.texts.includes('after'));
    },
  },
  {
    name: 'order is kept over a restart of the server, duplicates aside',
    needs: ['order', 'queue', 'durable'],
    async run(scope) {
      const { harness } = scope;
      const [publisher, broker] = [await scope.create(), await scope.create()];
      const topic = scope.unique();
      const options = { queue: scope.unique('queue'), durable: true, ordered: true };
      const inbox = await subscribe(scope, broker, topic, options);
      const texts = numbered(600);
      const publishing = publishAll(publisher, topic, texts, { batch: 10, key: 'the one' });
      await scope.eventually(() => inbox.texts.length > 100);
      scope.defer(() => harness.server().start());
      await harness.server().stop();
      await harness.server().start();
      await publishing;
      await allArrived(() => inbox.texts, texts);
      assert.deepEqual([...new Set(inbox.texts)], [...texts]);
    },
  },
  {
    name: 'where others speak than the server it is unavailable, and nobody is harmed',
    asks: ['createAt'],
    async run(scope) {
      const others = await strangers();
      scope.defer(() => Promise.all(others.map((other) => other.close())));
      const asking = others.map(async ({ port }) => {
        const broker = await scope.harness.createAt?.(port);
        scope.defer(() => broker?.close());
        if (broker === undefined) return;
        const uses = [
          broker.publish(scope.unique(), [message('x')]),
          subscribe(scope, broker, scope.unique()),
        ];
        await Promise.all(uses.map((use) => rejects(use, 'unavailable', 30_000)));
        await within(broker.close(), 20_000, 'close()');
      });
      await Promise.all(asking);
      for (const { visits } of others) assert.ok(visits < 500, `it has come ${visits} times`);
    },
  },
  {
    name: 'credentials that the server refuses are told in its own words, by publish and by subscribe',
    asks: ['refused'],
    async run(scope) {
      const { refused } = scope.harness;
      if (refused === undefined) return;
      const broker = refused.create();
      scope.defer(() => broker.close());
      const publishing = await rejects(broker.publish(scope.unique(), [message('x')]), refused.code, 30_000);
      assert.match(publishing.message, refused.reason);
      const subscribing = await rejects(subscribe(scope, broker, scope.unique()), refused.code, 30_000);
      assert.match(subscribing.message, refused.reason);
    },
  },
  {
    name: 'what the server does not admit is refused with its reason, and the next message passes',
    asks: ['rejected'],
    async run(scope) {
      const broker = await scope.create();
      const topic = scope.unique();
      const inbox = await subscribe(scope, broker, topic, {}, () => ack);
      for (const { topic, message, code, reason } of scope.harness.rejected ?? [])
        assert.match((await rejects(broker.publish(topic, [message]), code, 30_000)).message, reason);
      await eventually(() => broker.publish(topic, [message('next')]));
      await scope.eventually(() => inbox.texts.includes('next'));
    },
  },
];
