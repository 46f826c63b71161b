import assert from 'node:assert/strict';
import { createService, memoryRegistry, memoryTransport, topic as topicOf, type } from '@micro/core';
import { eventually } from '../eventually.ts';
import type { BrokerFaultCase } from './fault-harness.ts';
import { message, numbered, subscribe, textOf } from './inbox.ts';
import { startMember } from './remote-member.ts';
import { allArrived, publishAll } from './steady-publisher.ts';

const needs = ['ack', 'queue', 'durable', 'redelivery'];

/** Subscribers are killed, freeze, fail, are slow, leave. */
export const memberFaults: readonly BrokerFaultCase[] = [
  {
    name: 'a member that freezes loses its events to another, and takes part again when it goes on',
    needs,
    async run(scope) {
      const broker = await scope.create();
      const [topic, queue] = [scope.unique(), scope.unique('queue')];
      const one = await startMember(scope, { topic, queue });
      const two = await startMember(scope, { topic, queue });
      const timeoutMs = (scope.harness.takeoverMs ?? 10_000) + 20_000;
      const all = (): readonly string[] => [...one.texts, ...two.texts];
      await publishAll(broker, topic, numbered(100, 'before'));
      await allArrived(all, numbered(100, 'before'));
      one.freeze();
      await publishAll(broker, topic, numbered(200, 'frozen'));
      await eventually(() => new Set(two.texts.filter((text) => text.startsWith('frozen'))).size === 200, {
        timeoutMs,
      });
      one.thaw();
      const before = one.texts.length;
      let round = 0;
      await eventually(
        async () => {
          await publishAll(broker, topic, numbered(50, `thawed-${round++}`));
          return one.texts.some((text, index) => index >= before && text.startsWith('thawed'));
        },
        { timeoutMs },
      );
      await allArrived(all, numbered(50, 'thawed-0'));
    },
  },
  {
    name: 'a member that stops has acknowledged what it finished, and leaves the rest to others',
    needs,
    async run(scope) {
      const broker = await scope.create();
      const [topic, queue] = [scope.unique(), scope.unique('queue')];
      const leaving = await startMember(scope, { topic, queue, maxInFlight: 16, handlerMs: 2 });
      const staying = await startMember(scope, { topic, queue, maxInFlight: 16, handlerMs: 2 });
      const texts = numbered(3_000);
      const publishing = publishAll(broker, topic, texts, { batch: 50 });
      await eventually(() => leaving.texts.length > 200, { timeoutMs: 30_000 });
      await leaving.stop();
      await publishing;
      await allArrived(() => [...leaving.texts, ...staying.texts], texts);
      const again = staying.texts.filter((text) => leaving.texts.includes(text));
      assert.deepEqual(again, [], 'what the leaving member had finished came again');
    },
  },
  {
    name: 'an event whose handler throws is tried again with delays, and ends in the dead-letter topic',
    needs: [...needs, 'keep'],
    async run(scope) {
      const [broker, watcher] = [await scope.create(), await scope.create()];
      const topic = scope.unique();
      const letters = await subscribe(scope, watcher, `${topic}.dead`);
      const times: number[] = [];
      const handled: string[] = [];
      const network = scope.unique('network');
      const service = createService({
        name: 'poisoned',
        ...{ broker, registry: memoryRegistry({ network }), transport: memoryTransport({ network }) },
      });
      scope.defer(() => service.stop());
      const Events = topicOf(topic, type<{ id: string }>());
      service.subscribe(
        Events,
        ({ id }) => {
          if (id !== 'poison') return void handled.push(id);
          times.push(performance.now());
          throw new Error('cannot be digested');
        },
        { queue: scope.unique('queue'), attempts: 3 },
      );
      await service.start();
      await service.client.publish(Events, { id: 'poison' });
      for (const id of numbered(20)) await service.client.publish(Events, { id });
      await eventually(() => letters.deliveries.length === 1, { timeoutMs: 30_000 });
      await scope.eventually(() => assert.deepEqual([...handled].sort(), [...numbered(20)].sort()));
      const gaps = times.slice(1).map((time, index) => time - (times[index] ?? 0));
      assert.equal(times.length, 3);
      // core waits 100 ms, then 400 ms, and up to half as long besides; clocks of backends are coarser than ours
      assert.ok((gaps[0] ?? 0) > 80 && (gaps[1] ?? 0) > 320, `tried again after ${gaps.join(' and ')} ms`);
      const { message } = letters.deliveries[0] ?? {};
      assert.match(message?.header['micro-dead-reason'] ?? '', /cannot be digested/);
      assert.equal(message?.header['micro-dead-attempts'], '3');
      assert.deepEqual(message && JSON.parse(textOf(message)), { id: 'poison' });
    },
  },
  {
    name: 'a subscriber that is slow does not exhaust its memory',
    limitMs: 180_000, // it is about memory, and 64 MiB take their time on a busy machine
    async run(scope) {
      const broker = await scope.create();
      const [topic, queue] = [scope.unique(), scope.unique('queue')];
      const stuck = await startMember(scope, { topic, queue, maxInFlight: 8, handlerMs: undefined });
      await eventually(() => stuck.rss > 0);
      const before = stuck.rss;
      const body = new Uint8Array(16_384);
      for (let round = 0; round < 64; round++)
        await broker.publish(
          topic,
          Array.from({ length: 64 }, (_, n) => message(`${round}-${n}`, { body })),
        );
      const seenAt = performance.now();
      await eventually(() => performance.now() - seenAt > 1_000); // what was sent has arrived there by now
      const grown = Math.round((stuck.rss - before) / 2 ** 20);
      scope.harness.note?.(`64 MiB published, the slow subscriber has grown by ${grown} MiB`);
      assert.ok(grown < 48, `grown by ${grown} MiB`);
    },
  },
  {
    name: 'many events, a member killed in the middle, the server restarted once: none is lost',
    needs,
    limitMs: 300_000,
    async run(scope) {
      const { harness } = scope;
      const { events = 100_000 } = harness;
      const broker = await scope.create();
      const [topic, queue] = [scope.unique(), scope.unique('queue')];
      const members = [
        await startMember(scope, { topic, queue }),
        await startMember(scope, { topic, queue }),
      ];
      const seen = (): readonly string[] => members.flatMap(({ texts }) => texts);
      const count = (): number => members.reduce((sum, { texts }) => sum + texts.length, 0);
      const texts = numbered(events, 'e');
      const startedAt = performance.now();
      const publishing = publishAll(broker, topic, texts);
      await eventually(() => count() > events * 0.2, { timeoutMs: 60_000 });
      await members[0]?.kill();
      members.push(await startMember(scope, { topic, queue }));
      await eventually(() => count() > events * 0.5, { timeoutMs: 60_000 });
      scope.defer(() => harness.server().start());
      await harness.server().stop();
      await harness.server().start();
      await publishing;
      const duplicates = await allArrived(seen, texts);
      const seconds = ((performance.now() - startedAt) / 1_000).toFixed(1);
      harness.note?.(`${events} events in ${seconds} s: none lost, ${duplicates} duplicates`);
    },
  },
];
