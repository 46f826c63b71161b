import { beforeAll, expect, test } from '@jest/globals';
import { cutProxy, eventually } from '@micro/conformance';
import type { Message, MicroError } from '@micro/core';
import { type Channel, type ConsumeMessage, connect } from 'amqplib';
import type { BackendServer } from '../../../scripts/backends/index.mjs';
import { describeBackend } from '../../../scripts/backends/jest.mjs';
import { ack, closing, collect, message, refused, subscribing, textOf } from '../../../testing/events.ts';
import { brokerAt } from './world.ts';

let names = 0;
const topic = (): string => `topic.${++names}`;

await describeBackend('rabbitmq', ({ start }) => {
  let server: BackendServer;
  beforeAll(async () => {
    server = await start();
  }, 60_000);
  const raw = async (): Promise<Channel> => closing(await connect(server.url)).createChannel();

  test('a Go subscriber gets what Go would send, on its own exchange; a Go publisher is understood', async () => {
    const broker = brokerAt(server.url);
    await broker.publish(topic(), [message('makes the exchanges')]);
    const channel = await raw();
    const subject = topic();
    // As go-micro subscribes with default options (docs/wire.md §8.2)
    const { queue } = await channel.assertQueue('', { durable: false, autoDelete: true, exclusive: false });
    await channel.bindQueue(queue, 'micro', subject);
    const seen: ConsumeMessage[] = [];
    await channel.consume(queue, (one) => one && seen.push(one), { noAck: true });
    const mine: Message[] = [];
    await broker.subscribe(subject, collect(mine), subscribing({ queue: 'queue', durable: true }));

    await broker.publish(subject, [message('{"name":"Ada"}')]);
    await eventually(() => expect(seen).toHaveLength(1));
    expect(seen[0]?.properties.headers).toEqual({
      ...{ 'Content-Type': 'application/json', 'Micro-Topic': subject },
      ...{ 'Micro-Id': '{"name":"Ada"}', 'Micro-ID': '{"name":"Ada"}' },
    });
    expect(String(seen[0]?.content)).toBe('{"name":"Ada"}');
    expect(seen[0]?.fields.routingKey).toBe(subject);

    // TV17: as go-micro publishes
    const headers = {
      'Content-Type': 'application/json',
      'Micro-Topic': subject,
      'Micro-ID': '0b4c2f6e',
      n: 7,
    };
    channel.publish('micro', subject, Buffer.from('{"name":"John"}\n'), { headers });
    await eventually(() => expect(mine.map(textOf)).toEqual(['{"name":"Ada"}', '{"name":"John"}\n']));
    expect({ ...mine[1]?.header }).toEqual({
      ...{ 'content-type': 'application/json', 'micro-topic': subject, 'micro-id': '0b4c2f6e', n: '7' },
    });
  });

  test('with goQueues, members in Go and ours share a queue, and what it cannot have is refused', async () => {
    const broker = brokerAt(server.url, { goQueues: true });
    await broker.publish(topic(), [message('makes the exchanges')]);
    const [subject, queue] = [topic(), `shared.${topic()}`];
    const mine: Message[] = [];
    await broker.subscribe(subject, collect(mine), subscribing({ queue }));
    // As go-micro subscribes with a queue and default options (docs/wire.md §8.2)
    const channel = await raw();
    await channel.assertQueue(queue, { durable: false, autoDelete: true, exclusive: false });
    await channel.bindQueue(queue, 'micro', subject);
    const seen: string[] = [];
    await channel.consume(queue, (one) => one && seen.push(String(one.content)), { noAck: true });

    const sent = Array.from({ length: 20 }, (_, n) => String(n));
    await broker.publish(
      subject,
      sent.map((text) => message(text)),
    );
    await eventually(() => expect([...seen, ...mine.map(textOf)].sort()).toEqual([...sent].sort()));
    expect(seen.length).toBeGreaterThan(0);
    expect(mine.length).toBeGreaterThan(0);
    for (const asked of [{ durable: true }, { ordered: true }]) {
      const refusal = broker.subscribe(subject, async () => ack, subscribing({ queue, ...asked }));
      expect((await refused(refusal)).code).toBe('unimplemented');
    }
  });

  test('the durable queue of a member that is away gets what is published right after a restart of the server', async () => {
    const subject = topic();
    const away = brokerAt(server.url);
    await away.subscribe(subject, async () => ack, subscribing({ queue: 'queue', durable: true }));
    await away.close();
    const publisher = brokerAt(server.url);
    await server.stop();
    await server.start();
    await eventually(() => publisher.publish(subject, [message('right after')]));
    const texts: Message[] = [];
    await brokerAt(server.url).subscribe(
      subject,
      collect(texts),
      subscribing({ queue: 'queue', durable: true }),
    );
    await eventually(() => expect(texts.map(textOf)).toEqual(['right after']));
  }, 60_000);

  test('an exchange that others have made otherwise is told as such', async () => {
    const channel = await raw();
    await channel.assertExchange('made-by-others', 'fanout');
    const error = await refused(
      brokerAt(server.url, { exchange: 'made-by-others' }).publish(topic(), [message('x')]),
    );
    expect(error.code).toBe('precondition_failed');
    expect(error.message).toMatch(/inequivalent arg 'type' for exchange 'made-by-others'/);
  });

  test('with the durable exchange of Go there is no second one', async () => {
    const broker = brokerAt(server.url, { exchange: 'shop', durableExchange: true });
    const texts: Message[] = [];
    const subject = topic();
    await broker.subscribe(subject, collect(texts), subscribing());
    await broker.publish(subject, [message('x')]);
    await eventually(() => texts.length === 1);
    const channel = await raw();
    channel.on('error', () => undefined);
    await expect(channel.checkExchange('shop.durable')).rejects.toThrow(/404/);
  });

  test('a queue that is deleted under its subscription is made again', async () => {
    const broker = brokerAt(server.url);
    const subject = topic();
    const errors: MicroError[] = [];
    const texts: Message[] = [];
    const options = subscribing({ queue: 'queue', durable: true, onError: (error) => errors.push(error) });
    const subscription = await broker.subscribe(subject, collect(texts), options);
    await (await raw()).deleteQueue(`queue.${subject}`);
    await eventually(() => errors.length > 0);
    await eventually(() => subscription.active);
    await broker.publish(subject, [message('after')]);
    await eventually(() => expect(texts.map(textOf)).toEqual(['after']));
  });

  test('what is acknowledged out of order is gone, and what is still out comes again to the next', async () => {
    const subject = topic();
    const proxy = closing(await cutProxy(Number(new URL(server.url).port)));
    const broker = brokerAt(proxy.address);
    const done: string[] = [];
    const held = new Set(['0', '3', '4']);
    await broker.subscribe(
      subject,
      ({ message: one }) => {
        const text = textOf(one);
        if (held.has(text)) return new Promise(() => undefined);
        done.push(text);
        return Promise.resolve(ack);
      },
      subscribing({ queue: 'queue', durable: true }),
    );
    const sent = Array.from({ length: 8 }, (_, n) => message(String(n)));
    await broker.publish(subject, sent);
    await eventually(() => expect([...done].sort()).toEqual(['1', '2', '5', '6', '7']));
    // acknowledged with the same connection after the others: when it is handled, they have left
    await broker.publish(subject, [message('8')]);
    await eventually(() => expect(done).toContain('8'));
    const second: Message[] = [];
    await brokerAt(server.url).subscribe(
      subject,
      collect(second),
      subscribing({ queue: 'queue', durable: true }),
    );
    await proxy.refuse();
    await eventually(() => expect(second.map(textOf).sort()).toEqual(['0', '3', '4']));
  });

  test('one that waits long for its retry holds up none that waits less', async () => {
    const broker = brokerAt(server.url);
    const subject = topic();
    const again: string[] = [];
    await broker.subscribe(
      subject,
      async ({ attempt, message }) => {
        if (attempt > 1) again.push(textOf(message));
        return attempt > 1 ? ack : { outcome: 'retry', delayMs: textOf(message) === 'long' ? 1_500 : 50 };
      },
      subscribing({ queue: 'queue', durable: true }),
    );
    await broker.publish(subject, [message('long'), message('short')]);
    await eventually(() => expect(again).toEqual(['short', 'long']));
  });

  test('a retry that waits is there after a restart of the server, with its attempts', async () => {
    const broker = brokerAt(server.url);
    const subject = topic();
    const attempts: number[] = [];
    await broker.subscribe(
      subject,
      async ({ attempt }) => {
        attempts.push(attempt);
        return attempt < 3 ? { outcome: 'retry', delayMs: attempt * 50 } : ack;
      },
      subscribing({ queue: 'queue', durable: true }),
    );
    await broker.publish(subject, [message('poison')]);
    await eventually(() => attempts.length >= 2);
    await server.stop();
    await server.start();
    await eventually(() => expect(attempts.at(-1)).toBeGreaterThanOrEqual(3), { timeoutMs: 20_000 });
  }, 60_000);

  test('closing does not wait for a server that is silent, and leaves no socket', async () => {
    const proxy = closing(await cutProxy(Number(new URL(server.url).port)));
    const broker = brokerAt(proxy.address, { timeoutMs: 500 });
    await broker.subscribe(topic(), async () => ack, subscribing());
    proxy.silence();
    const from = performance.now();
    await broker.close();
    expect(performance.now() - from).toBeLessThan(5_000);
    await proxy.restore();
    await eventually(() => proxy.connections === 0);
  });
});
