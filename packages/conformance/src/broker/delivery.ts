import assert from 'node:assert/strict';
import { entries, oddMetadata, oddNames, rejects } from '../expectations.ts';
import type { BrokerCase } from './harness.ts';
import { ack, message, numbered, publish, stays, subscribe } from './inbox.ts';

const known = new Set(['ack', 'redelivery', 'queue', 'order', 'durable', 'replay', 'keep']);

/** Who gets what, and that it arrives as it was sent. */
export const deliveryCases: readonly BrokerCase[] = [
  {
    name: 'says what it is and what it can do',
    async run({ harness, create }) {
      const broker = await create();
      assert.match(broker.name, /^[a-z][a-z0-9-]*$/);
      assert.deepEqual([...broker.features].sort(), [...harness.features].sort());
      for (const feature of broker.features) assert.ok(known.has(feature), feature);
    },
  },
  {
    name: 'every subscriber without a queue gets every message',
    async run(scope) {
      const [one, two, publisher] = [await scope.create(), await scope.create(), await scope.create()];
      const topic = scope.unique();
      const inboxes = [
        await subscribe(scope, one, topic),
        await subscribe(scope, one, topic),
        await subscribe(scope, two, topic),
      ];
      await publish(publisher, topic, numbered(20));
      for (const inbox of inboxes) await inbox.getsAll(numbered(20));
    },
  },
  {
    name: 'the members of a queue share its messages, each goes to one of them',
    needs: ['queue'],
    async run(scope) {
      const [one, two, publisher] = [await scope.create(), await scope.create(), await scope.create()];
      const topic = scope.unique();
      const queue = scope.unique('queue');
      const first = await subscribe(scope, one, topic, { queue });
      const second = await subscribe(scope, two, topic, { queue });
      await publish(publisher, topic, numbered(60));
      const both = (): readonly string[] => [...first.texts, ...second.texts].sort();
      await scope.eventually(() => assert.deepEqual(both(), [...numbered(60)].sort()));
      await stays(scope, () => assert.equal(both().length, 60));
      assert.ok(first.texts.length > 0 && second.texts.length > 0, 'one member got nothing of 60');
    },
  },
  {
    name: 'each queue, and each subscriber without one, gets every message',
    needs: ['queue'],
    async run(scope) {
      const broker = await scope.create();
      const topic = scope.unique();
      const inboxes = [
        await subscribe(scope, broker, topic, { queue: scope.unique('a') }),
        await subscribe(scope, broker, topic, { queue: scope.unique('b') }),
        await subscribe(scope, broker, topic),
      ];
      await publish(await scope.create(), topic, numbered(10));
      for (const inbox of inboxes) await inbox.getsAll(numbered(10));
    },
  },
  {
    name: 'a message arrives as it was published: header, key and every byte',
    async run(scope) {
      const [publisher, broker] = [await scope.create(), await scope.create()];
      const topic = scope.unique();
      const inbox = await subscribe(scope, broker, topic);
      const bytes = Uint8Array.from({ length: 256 }, (_, byte) => byte);
      const header = Object.assign(oddMetadata(), {
        'content-type': 'application/octet-stream',
        'micro-id': 'x',
        'micro-topic': topic, // as core sends it; brokers that go-micro has must write it in any case
      });
      const publishedFrom = Date.now();
      await publisher.publish(topic, [{ header, body: bytes, key: 'größe/1' }]);
      const delivery = await scope.eventually(() => inbox.deliveries[0] ?? false);
      assert.deepEqual(entries(delivery.message.header), entries(header));
      assert.deepEqual([...delivery.message.body], [...bytes]);
      if (broker.features.has('order')) assert.equal(delivery.message.key, 'größe/1');
      assert.equal(delivery.attempt, 1);
      const age = delivery.publishedAt - publishedFrom;
      assert.ok(age > -60_000 && age < 60_000, `publishedAt is ${age} ms off`);
    },
  },
  {
    name: 'bodies of no byte, of one and of many arrive whole',
    async run(scope) {
      const [publisher, broker] = [await scope.create(), await scope.create()];
      const topic = scope.unique();
      const inbox = await subscribe(scope, broker, topic);
      const sizes = [0, 1, 65_536, scope.harness.maxBody ?? 262_144];
      for (const size of sizes) {
        const body = Uint8Array.from({ length: size }, (_, index) => (index * 31) % 251);
        await publisher.publish(topic, [message('', { body })]);
      }
      await scope.eventually(() => inbox.deliveries.length === sizes.length);
      const bodies = inbox.deliveries.map((delivery) => delivery.message.body);
      bodies.sort((a, b) => a.byteLength - b.byteLength);
      assert.deepEqual(
        bodies.map((body) => body.byteLength),
        sizes,
      );
      for (const body of bodies) assert.ok(body.every((byte, index) => byte === (index * 31) % 251));
    },
  },
  {
    name: 'a batch arrives whole, and an empty one is no error',
    async run(scope) {
      const broker = await scope.create();
      const topic = scope.unique();
      const inbox = await subscribe(scope, broker, topic);
      await broker.publish(topic, []);
      await broker.publish(
        topic,
        numbered(50).map((text) => message(text)),
      );
      if (broker.features.has('order')) await inbox.gets(numbered(50));
      else await inbox.getsAll(numbered(50));
    },
  },
  {
    name: 'a subscriber cannot change what others get, nor can a publisher afterwards',
    async run(scope) {
      const broker = await scope.create();
      const topic = scope.unique();
      const spoil = await subscribe(scope, broker, topic, {}, (delivery) => {
        Reflect.set(delivery.message.header, 'tenant', 'spoilt');
        return ack;
      });
      const inbox = await subscribe(scope, broker, topic);
      const body = new TextEncoder().encode('before');
      const header: Record<string, string> = { 'content-type': 'text/plain', 'micro-id': '1', tenant: 'a' };
      await broker.publish(topic, [{ header, body }]);
      body.fill(0);
      header.tenant = 'changed';
      await spoil.gets(['before']);
      await inbox.gets(['before']);
      assert.equal(inbox.deliveries[0]?.message.header.tenant, 'a');
    },
  },
  {
    name: 'publishing where nobody listens is no error',
    async run({ create, unique }) {
      await (await create()).publish(unique(), [message('nobody')]);
    },
  },
  {
    name: 'a new subscriber does not get what was published before',
    async run(scope) {
      const broker = await scope.create();
      const topic = scope.unique();
      const witness = await subscribe(scope, broker, topic);
      await publish(broker, topic, ['before']);
      await witness.gets(['before']);
      const inbox = await subscribe(scope, broker, topic);
      await publish(broker, topic, ['after']);
      await inbox.gets(['after']);
    },
  },
  {
    name: 'what one publisher sends arrives in its order',
    needs: ['order'],
    async run(scope) {
      const [publisher, broker] = [await scope.create(), await scope.create()];
      const topic = scope.unique();
      const inbox = await subscribe(scope, broker, topic, { maxInFlight: 8 });
      const texts = numbered(200);
      for (const text of texts) await publisher.publish(topic, [message(text, { key: 'same' })]);
      await inbox.gets(texts);
    },
  },
  ...oddNames.map(
    (odd): BrokerCase => ({
      name: `a topic is a plain name: ${odd.length > 40 ? `${odd.length} characters` : odd}`,
      async run(scope) {
        const [publisher, broker] = [await scope.create(), await scope.create()];
        const inbox = await subscribe(scope, broker, odd);
        await publisher.publish(odd, [message('mine')]);
        await inbox.gets(['mine']);
      },
    }),
  ),
  {
    name: 'no topic is a pattern for others',
    async run(scope) {
      const broker = await scope.create();
      const base = scope.unique();
      const patterns = [`${base}.*`, `${base}.>`, `${base}.#`, `${base}/+`, '*', '>', '#', `${base}.X`, base];
      const inboxes = await Promise.all(patterns.map((pattern) => subscribe(scope, broker, pattern)));
      const exact = await subscribe(scope, broker, `${base}.x`);
      await broker.publish(`${base}.x`, [message('exact')]);
      await broker.publish(`${base}/x`, [message('slash')]);
      await exact.gets(['exact']);
      await stays(scope, () => {
        for (const inbox of inboxes)
          assert.deepEqual(inbox.texts, [], `"${inbox.subscription.topic}" is a pattern`);
      });
    },
  },
  {
    name: 'a hundred publishers at once lose nothing',
    async run(scope) {
      const broker = await scope.create();
      const topic = scope.unique();
      const inbox = await subscribe(scope, broker, topic);
      await Promise.all(numbered(100).map((text) => broker.publish(topic, [message(text)])));
      await inbox.getsAll(numbered(100));
    },
  },
  {
    name: 'refuses a topic without a name',
    async run({ create }) {
      await rejects((await create()).publish('', [message('x')]), 'bad_request');
    },
  },
];
