import { describe, expect, test } from '@jest/globals';
import { eventually } from '@micro/conformance';
import { type Context, counters, memoryBroker, topic, type } from '../src/index.ts';
import { client, deferred, later, network, service } from './fleet.ts';
import { boom, News, scriptedBroker, subscriber } from './scripted-broker.ts';

describe('subscribing', () => {
  test.each([
    ['queue', { queue: 'q' }],
    ['durable', { queue: 'q', durable: true }],
    ['replay', { start: 'all' }],
    ['order', { ordered: true }],
    ['redelivery', { attempts: 2 }],
    ['keep', { deadLetter: 'x' }],
  ] as const)('what needs "%s" is refused by name where the broker lacks it', async (feature, options) => {
    const others = (['queue', 'durable', 'replay', 'order', 'redelivery', 'keep'] as const).filter(
      (one) => one !== feature,
    );
    const { broker } = scriptedBroker(others);
    await expect(subscriber(broker, () => undefined, options)).rejects.toMatchObject({
      code: 'unimplemented',
      message: `broker "scripted" has no "${feature}", which was asked for with "news"`,
    });
  });

  test('a broker that can nothing gives every event one try', async () => {
    const { broker, give } = scriptedBroker([]);
    const before = counters()['event.lost'] ?? 0;
    await subscriber(broker, boom);
    expect(await give({})).toEqual({ outcome: 'ack' });
    expect(counters()['event.lost']).toBe(before + 1);
  });

  test.each([
    { ackWaitMs: 0 },
    { ackWaitMs: -1 },
    { ackWaitMs: Number.NaN },
    { ackWaitMs: Number.POSITIVE_INFINITY },
    { attempts: 0 },
    { attempts: 1.5 },
    { maxInFlight: 0 },
  ])('%j is refused', async (options) => {
    const { broker } = scriptedBroker();
    await expect(subscriber(broker, () => undefined, options)).rejects.toMatchObject({ code: 'bad_request' });
  });
});

describe('on the memory broker', () => {
  test('a failing event is tried again, then found in the dead letter by who subscribes later', async () => {
    const around = network();
    const attempts: number[] = [];
    const made = service({ ...around, name: 'reader' });
    made.subscribe(
      News,
      () => {
        attempts.push(performance.now());
        boom();
      },
      { attempts: 2 },
    );
    await made.start();
    await client(around).publish(News, { id: 1 }, { metadata: { Traceparent: '00-a' } });
    await eventually(() => attempts.length === 2);
    expect((attempts[1] ?? 0) - (attempts[0] ?? 0)).toBeGreaterThanOrEqual(95);
    const letter = deferred<Context>();
    const undertaker = service({ ...around, name: 'undertaker' });
    undertaker.subscribe(topic('news.dead', type<{ id: number }>()), (_, ctx) => letter.resolve(ctx));
    await undertaker.start();
    expect((await letter.promise).metadata).toMatchObject({
      traceparent: '00-a',
      'micro-dead-topic': 'news',
      'micro-dead-attempts': '2',
    });
  });

  test('metadata goes along without the envelope, and on to what the handler publishes and calls', async () => {
    const around = network();
    const second = deferred<Context>();
    const made = service({ ...around, name: 'reader' });
    made.subscribe(News, async (_, ctx) => {
      expect(Object.keys(ctx.metadata)).toEqual(['traceparent', '__proto__']);
      expect(Object.getPrototypeOf(ctx.metadata)).toBeNull();
      await made.client.publish(topic('more', type<number>()), 7, { ctx });
    });
    made.subscribe(topic('more', type<number>()), (_, ctx) => second.resolve(ctx));
    await made.start();
    await client(around).publish(
      News,
      { id: 1 },
      { metadata: JSON.parse('{"Traceparent":"t","__proto__":"p"}') },
    );
    expect((await second.promise).metadata.traceparent).toBe('t');
  });

  test('publishing says no when the queue is full, and after the close', async () => {
    const broker = memoryBroker({ network: 'subscribing-full', maxBacklog: 2 });
    later(() => broker.close());
    const publisher = client({ ...network(), broker });
    const made = service({ ...network(), broker, name: 'slow' });
    made.subscribe(News, () => new Promise(() => undefined), { maxInFlight: 1, ackWaitMs: 100 });
    await made.start();
    await publisher.publishAll(News, [{ id: 1 }, { id: 2 }]);
    await expect(publisher.publishAll(News, [{ id: 3 }, { id: 4 }, { id: 5 }])).rejects.toMatchObject({
      code: 'overloaded',
    });
    await publisher.close();
    await broker.close();
    await expect(publisher.publish(News, { id: 6 })).rejects.toMatchObject({ code: 'unavailable' });
  });
});
