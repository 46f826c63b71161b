import assert from 'node:assert/strict';
import { rejects } from '../expectations.ts';
import type { BrokerCase } from './harness.ts';
import { ack, gate, message, numbered, publish, stays, subscribe, textOf } from './inbox.ts';

/** Acknowledging, retrying, bounds, durability: what a broker declares, it does; what it lacks, it refuses. */
export const verdictCases: readonly BrokerCase[] = [
  {
    name: 'what is to be retried comes again, not before its delay, with the attempt counted',
    needs: ['ack', 'redelivery'],
    async run(scope) {
      const broker = await scope.create();
      const topic = scope.unique();
      const delayMs = scope.harness.retryMs ?? 50;
      const seen: { readonly attempt: number; readonly time: number; readonly publishedAt: number }[] = [];
      const queue = broker.features.has('queue') ? scope.unique('queue') : undefined;
      const inbox = await subscribe(scope, broker, topic, { queue }, ({ attempt, publishedAt }) => {
        seen.push({ attempt, time: performance.now(), publishedAt });
        return attempt < 3 ? { outcome: 'retry', delayMs } : ack;
      });
      await publish(broker, topic, ['again']);
      await inbox.gets(['again', 'again', 'again']);
      await stays(scope, () =>
        assert.equal(inbox.texts.length, 3, 'delivered again after the acknowledgement'),
      );
      assert.deepEqual(
        seen.map(({ attempt }) => attempt),
        [1, 2, 3],
      );
      for (const index of [1, 2]) {
        const gap = (seen[index]?.time ?? 0) - (seen[index - 1]?.time ?? 0);
        // clocks of backends are coarser than ours
        assert.ok(gap > delayMs * 0.8, `attempt ${index + 1} came after ${gap} ms, should wait ${delayMs}`);
      }
      assert.ok(
        Math.abs((seen[2]?.publishedAt ?? 0) - (seen[0]?.publishedAt ?? 0)) < 1000,
        'publishedAt has moved',
      );
    },
  },
  {
    name: 'an acknowledged message does not come again',
    needs: ['ack'],
    async run(scope) {
      const broker = await scope.create();
      const topic = scope.unique();
      const inbox = await subscribe(scope, broker, topic);
      await publish(broker, topic, numbered(10));
      await inbox.getsAll(numbered(10));
      await stays(scope, () => assert.equal(inbox.texts.length, 10));
    },
  },
  {
    name: 'a message without a verdict is not done with: another member gets it',
    needs: ['ack', 'queue', 'redelivery'],
    async run(scope) {
      const [one, two] = [await scope.create(), await scope.create()];
      const topic = scope.unique();
      const queue = scope.unique('queue');
      const never = gate();
      scope.defer(never.open);
      const first = await subscribe(scope, one, topic, { queue }, async () => {
        await never.opened;
        return ack;
      });
      await publish(two, topic, ['unfinished']);
      await first.gets(['unfinished']);
      const second = await subscribe(scope, two, topic, { queue });
      await first.subscription.stop({ signal: AbortSignal.abort() });
      await second.gets(['unfinished']);
      assert.ok((second.deliveries[0]?.attempt ?? 0) >= 2, 'the first attempt was not counted');
    },
  },
  {
    name: 'no more is handed over undecided than maxInFlight',
    async run(scope) {
      const broker = await scope.create();
      const topic = scope.unique();
      const all = gate();
      scope.defer(all.open);
      const inbox = await subscribe(scope, broker, topic, { maxInFlight: 3 }, async () => {
        await all.opened;
        return ack;
      });
      // Not awaited yet: publishing may wait for handlers (http), or for room
      const published = Promise.all(numbered(20).map((text) => broker.publish(topic, [message(text)])));
      await scope.eventually(() => inbox.running >= 1);
      await stays(scope, () => assert.ok(inbox.running <= 3, `${inbox.running} at once`));
      all.open();
      await published;
      await inbox.getsAll(numbered(20));
      assert.ok(inbox.mostRunning <= 3, `${inbox.mostRunning} at once`);
    },
  },
  {
    name: 'a retry that waits takes one of the places of maxInFlight or lets others pass, and is not lost',
    needs: ['redelivery'],
    async run(scope) {
      const broker = await scope.create();
      const topic = scope.unique();
      const delayMs = scope.harness.retryMs ?? 50;
      const inbox = await subscribe(
        scope,
        broker,
        topic,
        { maxInFlight: 1 },
        ({ attempt, message: { header } }) =>
          attempt === 1 && header['micro-id'] === 'message-0' ? { outcome: 'retry', delayMs } : ack,
      );
      await publish(broker, topic, numbered(5));
      await inbox.getsAll(['message-0', ...numbered(5)]);
    },
  },
  {
    name: 'ordered: one at a time for each key, a retry included, while other keys go on',
    needs: ['order', 'redelivery'],
    async run(scope) {
      const broker = await scope.create();
      const topic = scope.unique();
      const running = new Map<string, number>();
      const delayMs = scope.harness.retryMs ?? 50;
      const inbox = await subscribe(
        scope,
        broker,
        topic,
        { ordered: true, maxInFlight: 8 },
        async ({ attempt, message }) => {
          const key = message.key ?? message.header['micro-id']?.slice(0, 1) ?? '';
          const atOnce = (running.get(key) ?? 0) + 1;
          running.set(key, atOnce);
          if (atOnce > 1) overlapped.push(key);
          await new Promise((resolve) => setImmediate(resolve));
          running.set(key, atOnce - 1);
          return attempt === 1 && textOf(message).endsWith('-2') ? { outcome: 'retry', delayMs } : ack;
        },
      );
      const overlapped: string[] = [];
      const texts = numbered(6).flatMap((text) => [`a${text}`, `b${text}`]);
      for (const text of texts) await broker.publish(topic, [message(text, { key: text.slice(0, 1) })]);
      await scope.eventually(() => inbox.texts.length === texts.length + 2);
      assert.deepEqual(overlapped, [], 'two messages of one key at once');
      for (const key of ['a', 'b']) {
        const order = inbox.texts.filter((text) => text.startsWith(key));
        const wanted = numbered(6, `${key}message`).flatMap((text) =>
          text.endsWith('-2') ? [text, text] : [text],
        );
        assert.deepEqual(order, wanted);
      }
    },
  },
  {
    name: 'durable: a queue gets what was published while its members were away',
    needs: ['durable'],
    async run(scope) {
      const [one, two] = [await scope.create(), await scope.create()];
      const topic = scope.unique();
      const durable = { queue: scope.unique('queue'), durable: true };
      const first = await subscribe(scope, one, topic, durable);
      await publish(two, topic, ['seen']);
      await first.gets(['seen']);
      await one.close();
      await publish(two, topic, numbered(5));
      const second = await subscribe(scope, two, topic, durable);
      await second.getsAll(numbered(5));
    },
  },
  {
    name: 'durable without a queue is refused',
    needs: ['durable'],
    async run(scope) {
      const broker = await scope.create();
      await rejects(subscribe(scope, broker, scope.unique(), { durable: true }), 'bad_request');
    },
  },
  {
    name: 'replay: a new queue may begin in the past',
    needs: ['replay', 'queue'],
    async run(scope) {
      const broker = await scope.create();
      const topic = scope.unique();
      await publish(broker, topic, ['old']);
      const before = Date.now();
      await scope.eventually(() => Date.now() > before + 20); // backends keep times in ms, and some of them coarsely
      const sinceMs = Date.now();
      await scope.eventually(() => Date.now() > sinceMs + 20);
      await publish(broker, topic, ['young']);
      const all = await subscribe(scope, broker, topic, { queue: scope.unique('all'), start: 'all' });
      const since = await subscribe(scope, broker, topic, {
        queue: scope.unique('since'),
        start: { sinceMs },
      });
      const fresh = await subscribe(scope, broker, topic, { queue: scope.unique('new'), start: 'new' });
      await publish(broker, topic, ['new']);
      await all.gets(['old', 'young', 'new']);
      await since.gets(['young', 'new']);
      await fresh.gets(['new']);
    },
  },
  {
    name: 'keep: what nobody has subscribed to yet waits for the first queue',
    needs: ['keep', 'queue'],
    async run(scope) {
      const broker = await scope.create();
      const topic = scope.unique();
      await broker.publish(topic, [message('dead letter')], { keep: true });
      const inbox = await subscribe(scope, broker, topic, {
        queue: scope.unique('queue'),
        ...(broker.features.has('durable') ? { durable: true } : {}),
      });
      await inbox.gets(['dead letter']);
    },
  },
  {
    name: 'refuses durability by name when it has none',
    lacks: 'durable',
    async run(scope) {
      const broker = await scope.create();
      const queue = broker.features.has('queue') ? scope.unique('queue') : undefined;
      await rejects(subscribe(scope, broker, scope.unique(), { durable: true, queue }), 'unimplemented');
    },
  },
  {
    name: 'refuses a start in the past by name when it cannot replay',
    lacks: 'replay',
    async run(scope) {
      const broker = await scope.create();
      for (const start of ['all', { sinceMs: 0 }] as const) {
        await rejects(subscribe(scope, broker, scope.unique(), { start }), 'unimplemented');
      }
    },
  },
  {
    name: 'refuses order by name when it has none',
    lacks: 'order',
    async run(scope) {
      const broker = await scope.create();
      await rejects(subscribe(scope, broker, scope.unique(), { ordered: true }), 'unimplemented');
    },
  },
  {
    name: 'refuses a queue by name when it has none',
    lacks: 'queue',
    async run(scope) {
      const broker = await scope.create();
      await rejects(subscribe(scope, broker, scope.unique(), { queue: 'queue' }), 'unimplemented');
    },
  },
  {
    name: 'refuses to keep a message by name when it cannot',
    lacks: 'keep',
    async run(scope) {
      const broker = await scope.create();
      await rejects(broker.publish(scope.unique(), [message('x')], { keep: true }), 'unimplemented');
    },
  },
];
