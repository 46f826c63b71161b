import assert from 'node:assert/strict';
import { aborted, rejects } from '../expectations.ts';
import { noListeners } from '../leaks.ts';
import type { BrokerCase } from './harness.ts';
import { ack, gate, message, numbered, publish, stays, subscribe } from './inbox.ts';

/** Stopping, closing, cancelling. */
export const lifetimeCases: readonly BrokerCase[] = [
  {
    name: 'a subscription is active, and knows its topic',
    async run(scope) {
      const topic = scope.unique();
      const { subscription } = await subscribe(scope, await scope.create(), topic);
      assert.equal(subscription.topic, topic);
      assert.equal(subscription.active, true);
    },
  },
  {
    name: 'stop waits for running handlers, whose verdicts count, and takes no new message',
    async run(scope) {
      const broker = await scope.create();
      const topic = scope.unique();
      const finish = gate();
      scope.defer(finish.open);
      const inbox = await subscribe(scope, broker, topic, {}, async () => {
        await finish.opened;
        return ack;
      });
      const witness = await subscribe(scope, broker, topic);
      await publish(broker, topic, ['running']);
      await inbox.gets(['running']);
      let stopped = false;
      const stopping = Promise.all([inbox.subscription.stop(), inbox.subscription.stop()]).then(() => {
        stopped = true;
      });
      await publish(broker, topic, ['late']);
      await witness.gets(['running', 'late']);
      await stays(scope, () => assert.equal(stopped, false, 'stop did not wait'));
      finish.open();
      await scope.within(stopping, 'stop()');
      await inbox.subscription.stop();
      assert.deepEqual(inbox.texts, ['running']);
    },
  },
  {
    name: 'stop gives the rest back to the queue, and what it has finished does not come again',
    needs: ['ack', 'queue', 'redelivery'],
    async run(scope) {
      const [one, two] = [await scope.create(), await scope.create()];
      const topic = scope.unique();
      const queue = scope.unique('queue');
      const finish = gate();
      scope.defer(finish.open);
      const first = await subscribe(scope, one, topic, { queue, maxInFlight: 1 }, async () => {
        await finish.opened;
        return ack;
      });
      await publish(two, topic, numbered(5));
      await scope.eventually(() => first.running === 1);
      const stopping = first.subscription.stop();
      const second = await subscribe(scope, two, topic, { queue });
      finish.open();
      await scope.within(stopping, 'stop()');
      await second.getsAll(numbered(5).filter((text) => text !== first.texts[0]));
      await stays(scope, () => assert.equal(second.texts.length, 4, 'the finished one came again'));
      assert.equal(first.texts.length, 1);
    },
  },
  {
    name: 'stop does not wait longer than its signal',
    async run(scope) {
      const broker = await scope.create();
      const topic = scope.unique();
      const never = gate();
      scope.defer(never.open);
      const inbox = await subscribe(scope, broker, topic, {}, async () => {
        await never.opened;
        return ack;
      });
      await publish(broker, topic, ['stuck']);
      await inbox.gets(['stuck']);
      const controller = new AbortController();
      const stopping = inbox.subscription.stop({ signal: controller.signal });
      controller.abort();
      await scope.within(stopping, 'stop() after the abort');
      noListeners(controller.signal);
    },
  },
  {
    name: 'close stops every subscription without waiting for handlers, and disturbs no other instance',
    async run(scope) {
      const [one, two] = [await scope.create(), await scope.create()];
      const topic = scope.unique();
      const never = gate();
      scope.defer(never.open);
      const stuck = await subscribe(scope, one, topic, {}, async () => {
        await never.opened;
        return ack;
      });
      const other = await subscribe(scope, two, topic);
      await publish(two, topic, ['first']);
      await stuck.gets(['first']);
      await scope.within(one.close(), 'close()');
      await publish(two, topic, ['second']);
      await other.gets(['first', 'second']);
      await stays(scope, () => assert.deepEqual(stuck.texts, ['first']));
    },
  },
  {
    name: 'may be closed twice, and before it was used',
    async run({ create }) {
      const broker = await create();
      await Promise.all([broker.close(), broker.close()]);
      await broker.close();
    },
  },
  {
    name: 'rejects with unavailable after close',
    async run(scope) {
      const broker = await scope.create();
      await broker.publish(scope.unique(), [message('x')]);
      await broker.close();
      await rejects(broker.publish(scope.unique(), [message('x')]), 'unavailable');
      await rejects(subscribe(scope, broker, scope.unique()), 'unavailable');
    },
  },
  {
    name: 'rejects with canceled when the signal has aborted, and a later abort ends no subscription',
    async run(scope) {
      const broker = await scope.create();
      const topic = scope.unique();
      await rejects(broker.publish(topic, [message('x')], { signal: aborted() }), 'canceled');
      await rejects(subscribe(scope, broker, topic, { signal: aborted() }), 'canceled');
      const controller = new AbortController();
      const inbox = await subscribe(scope, broker, topic, { signal: controller.signal });
      noListeners(controller.signal);
      controller.abort();
      await publish(broker, topic, ['still here']);
      await inbox.gets(['still here']);
    },
  },
];
