import { beforeAll, expect, test } from '@jest/globals';
import { eventually } from '@micro/conformance';
import type { Message } from '@micro/core';
import { Kafka, logLevel } from 'kafkajs';
import type { BackendServer } from '../../../scripts/backends/index.mjs';
import { describeBackend } from '../../../scripts/backends/jest.mjs';
import { ack, collect, message, refused, subscribing, textOf } from '../../../testing/events.ts';
import { brokerAt } from './world.ts';

// Published by go-micro v4.9 and v4.11 over Kafka (docs/wire.md, TV15)
const fromGo =
  '{"Header":{"Content-Type":"application/json","Micro-ID":"0b4c2f6e-1d2a-4c3b-9e8f-7a6b5c4d3e2f","Micro-Topic":"greetings"},"Body":"eyJuYW1lIjoiSm9obiJ9Cg=="}';

/** What of a kind keeps this process from its end. */
const active = (kind: string): number =>
  process.getActiveResourcesInfo().filter((type) => type.startsWith(kind)).length;

let names = 0;
const topic = (): string => `topic.${++names}`;

await describeBackend('kafka', ({ start }) => {
  let server: BackendServer;
  beforeAll(async () => {
    server = await start({ config: ['message.max.bytes=100000'] });
  }, 60_000);
  const raw = (): Kafka => new Kafka({ brokers: [server.url], logLevel: logLevel.NOTHING });

  test('a Go publisher is understood, and what we publish is what Go reads', async () => {
    const broker = brokerAt(server.url);
    const subject = topic();
    const texts: Message[] = [];
    await broker.subscribe(subject, collect(texts), subscribing());
    const producer = raw().producer();
    await producer.connect();
    await producer.send({ topic: subject, messages: [{ value: fromGo }] });
    await producer.disconnect();
    await eventually(() => expect(texts.map(textOf)).toEqual(['{"name":"John"}\n']));
    expect(texts[0]?.header['micro-id']).toBe('0b4c2f6e-1d2a-4c3b-9e8f-7a6b5c4d3e2f');

    const values: string[] = [];
    const consumer = raw().consumer({ groupId: 'as-go', maxWaitTimeInMs: 100 });
    await consumer.connect();
    await consumer.subscribe({ topic: subject, fromBeginning: true });
    await consumer.run({
      eachMessage: async ({ message }) => void values.push(`${message.key}|${message.value}`),
    });
    await broker.publish(subject, [message('{"name":"Ada"}', { key: 'k' })]);
    await eventually(() => expect(values).toHaveLength(2), { timeoutMs: 20_000 });
    await consumer.disconnect();
    const [key, value = ''] = values.find((one) => one.startsWith('k'))?.split('|') ?? [];
    const { Header, Body }: { Header: Record<string, string>; Body: string } = JSON.parse(value);
    expect([key, Header['Content-Type'], Header['Micro-Topic']]).toEqual(['k', 'application/json', subject]);
    expect(Buffer.from(Body, 'base64').toString()).toBe('{"name":"Ada"}');
  }, 60_000);

  test('messages that together are more than the server takes at once arrive; one that is too large by itself does not', async () => {
    const broker = brokerAt(server.url);
    const subject = topic();
    const texts: Message[] = [];
    await broker.subscribe(subject, collect(texts), subscribing());
    const many = Array.from({ length: 40 }, (_, n) => message(`${n}`.padEnd(10_000, '.')));
    await broker.publish(subject, many);
    await eventually(() => expect(texts).toHaveLength(40));
    expect(texts.map(textOf)).toEqual(many.map(textOf)); // a batch keeps its order
    const error = await refused(broker.publish(subject, [message('x'.repeat(100_000))]));
    expect(error.code).toBe('too_large');
  }, 60_000);

  test('attempts are counted over a change of members', async () => {
    const [one, two] = [brokerAt(server.url), brokerAt(server.url)];
    const subject = topic();
    const attempts: number[] = [];
    const options = subscribing({ queue: 'queue', durable: true });
    const first = await one.subscribe(
      subject,
      async ({ attempt }) => {
        attempts.push(attempt);
        return { outcome: 'retry', delayMs: attempt < 3 ? 50 : 60_000 };
      },
      options,
    );
    await two.publish(subject, [message('poison')]);
    await eventually(() => expect(attempts).toEqual([1, 2, 3]));
    await first.stop();
    await two.subscribe(
      subject,
      async ({ attempt }) => {
        attempts.push(attempt);
        return ack;
      },
      options,
    );
    await eventually(() => expect(attempts).toEqual([1, 2, 3, 4]));
  }, 60_000);

  test('after an outage, closing leaves neither socket nor timer', async () => {
    const before = process.getActiveResourcesInfo().filter((type) => type !== 'Timeout').length;
    const broker = brokerAt(server.url);
    const texts: Message[] = [];
    const subscription = await broker.subscribe(
      'outage',
      collect(texts),
      subscribing({ queue: 'queue', durable: true }),
    );
    await broker.publish('outage', [message('before')]);
    await server.stop();
    await eventually(() => !subscription.active, { timeoutMs: 20_000 });
    await server.start();
    await eventually(() => broker.publish('outage', [message('after')]), { timeoutMs: 20_000 });
    await eventually(() => expect(texts.map(textOf)).toContain('after'), { timeoutMs: 20_000 });
    await broker.close();
    await eventually(() => {
      const left = process.getActiveResourcesInfo().filter((type) => type !== 'Timeout');
      expect(left.length).toBeLessThanOrEqual(before);
    });
  }, 120_000);

  test('with the servers away, closing does not wait for them, and leaves neither socket nor timer', async () => {
    const [timers, sockets] = [active('Timeout'), active('TCP')];
    const broker = brokerAt(server.url, { timeoutMs: 60_000, sessionMs: 30_000 });
    await broker.subscribe('away', collect([]), subscribing({ queue: 'queue', durable: true }));
    await broker.publish('away', [message('before')]);
    await server.stop();
    try {
      const joining = refused(broker.subscribe('away', collect([]), subscribing({ queue: 'late' })));
      let closed = false;
      const closing = broker.close().then(() => {
        closed = true;
      });
      await eventually(() => closed, { timeoutMs: 20_000 }); // of the 60 s that the servers have
      await closing;
      expect((await joining).code).toBe('unavailable');
      await eventually(
        () => {
          expect(active('TCP')).toBeLessThanOrEqual(sockets);
          expect(active('Timeout')).toBeLessThanOrEqual(timers);
        },
        { timeoutMs: 20_000 },
      );
    } finally {
      await server.start();
    }
  }, 60_000);
});
