import { afterEach, beforeAll, expect, test } from '@jest/globals';
import {
  contract,
  createClient,
  createService,
  isMicroError,
  type MicroClient,
  memoryRegistry,
  rpc,
  stream,
  type,
} from '@micro/core';
import { type Channel, type ConsumeMessage, connect } from 'amqplib';
import type { BackendServer } from '../../../scripts/backends/index.mjs';
import { describeBackend } from '../../../scripts/backends/jest.mjs';
import { rabbitmqTransport } from '../src/index.ts';

interface Hello {
  readonly name: string;
}
interface Reply {
  readonly msg: string;
}
const Greeter = contract('greeter', 'Greeter', {
  hello: rpc({ request: type<Hello>(), response: type<Reply>() }),
  chat: rpc({ request: stream(type<Hello>()), response: stream(type<Reply>()) }),
});
const exchange = 'micro';
const replyTo = 'amq.rabbitmq.reply-to';
/** What a Go client writes (docs/wire.md §4.3, and TV9 for the headers). */
const headers = {
  Accept: 'application/json',
  'Content-Type': 'application/json',
  'Micro-Endpoint': 'Greeter.Hello',
  'Micro-ID': '0',
  'Micro-Method': 'Greeter.Hello',
  'Micro-Service': 'greeter',
  Timeout: '5000000000',
};
const json = (value: object): Buffer => Buffer.from(`${JSON.stringify(value)}\n`);

await describeBackend('rabbitmq', ({ start }) => {
  let server: BackendServer;
  beforeAll(async () => {
    server = await start({ config: ['max_message_size = 1000000'] });
  }, 60_000);
  const closing: (() => Promise<unknown>)[] = [];
  afterEach(async () => {
    for (const close of closing.splice(0).reverse()) await close();
  });

  /** Stands for Go: what it declares, sends and hears. */
  async function peer(): Promise<Channel> {
    const connection = await connect(server.url);
    closing.push(() => connection.close());
    const channel = await connection.createChannel();
    await channel.assertExchange(exchange, 'topic', { durable: false });
    return channel;
  }
  /** What comes to the queue, one after the other. */
  async function inbox(go: Channel, queue: string): Promise<() => Promise<ConsumeMessage>> {
    const messages: ConsumeMessage[] = [];
    let wake = (): void => {};
    await go.consume(
      queue,
      (message) => {
        if (message !== null) messages.push(message);
        wake();
      },
      { noAck: true },
    );
    return async () => {
      for (let message = messages.shift(); ; message = messages.shift()) {
        if (message !== undefined) return message;
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
      }
    };
  }
  async function clientOf(address: string): Promise<MicroClient> {
    const registry = memoryRegistry({ network: `rabbitmq ${address}` });
    const node = { id: 'greeter-1', address, metadata: { protocol: 'mucp', transport: 'rabbitmq' } };
    const record = { name: 'greeter', version: '1', metadata: {}, endpoints: [], nodes: [node] };
    await registry.register(record, { ttlMs: 60_000 });
    const transport = rabbitmqTransport({ address: server.url });
    const client = createClient({ registry, transport, broker: 'memory', argv: [], env: {} });
    closing.push(() => client.close().then(() => transport.close()));
    return client;
  }
  async function serve(): Promise<string> {
    const transport = rabbitmqTransport({ address: server.url });
    const around = { registry: 'memory', broker: 'memory', argv: [], env: {}, leaveMs: 0 } as const;
    const service = createService({ ...around, name: 'greeter', transport });
    service.handle(Greeter, {
      hello: ({ name }) => ({ msg: `Hello ${name}` }),
      async *chat(names) {
        for await (const { name } of names) yield { msg: `re ${name}` };
      },
    });
    closing.push(() => service.stop().then(() => transport.close()));
    await service.start();
    return service.address ?? '';
  }

  test('a Go server gets what a Go client sends, and its answer is understood', async () => {
    const go = await peer();
    const { queue } = await go.assertQueue('go-greeter', { durable: false, autoDelete: true });
    await go.bindQueue(queue, exchange, queue);
    const next = await inbox(go, queue);
    const calling = (await clientOf(queue)).of(Greeter).hello({ name: 'John' });
    const { properties, fields, content } = await next();
    const { Timeout: timeout, 'Micro-ID': id, ...constant } = headers;
    expect(properties.headers).toMatchObject(constant);
    expect(properties.headers?.['Micro-Id']).toBe(properties.headers?.['Micro-ID']);
    expect(properties.replyTo).toMatch(/^amq\.rabbitmq\.reply-to\./);
    expect(properties.correlationId).not.toBe('');
    expect(properties.contentType).toBeUndefined();
    expect(fields).toMatchObject({ exchange, routingKey: queue });
    expect(content.toString()).toBe('{"name":"John"}\n');
    const { correlationId } = properties;
    const answer = { 'Content-Type': 'application/json', 'Micro-ID': properties.headers?.['Micro-ID'] };
    go.sendToQueue(properties.replyTo, json({ msg: 'Hello John' }), { correlationId, headers: answer });
    expect(await calling).toEqual({ msg: 'Hello John' });
  });

  test("a Go client's calls and streams are answered under its correlation id", async () => {
    const address = await serve();
    const go = await peer();
    const next = await inbox(go, replyTo);
    const send = (body: object | undefined, more: object = {}, correlationId = 'call'): void => {
      const content = body === undefined ? Buffer.alloc(0) : json(body);
      go.publish(exchange, address, content, { replyTo, correlationId, headers: { ...headers, ...more } });
    };
    send({ name: 'John' });
    const reply = await next();
    expect(reply.content.toString()).toBe('{"msg":"Hello John"}\n');
    expect(reply.properties.correlationId).toBe('call');
    expect(reply.properties.headers).toMatchObject({ 'Content-Type': 'application/json', 'Micro-ID': '0' });
    const chat = { 'Micro-Endpoint': 'Greeter.Chat', 'Micro-Method': 'Greeter.Chat', 'Micro-Stream': '0' };
    send({}, chat, 'stream'); // its body means nothing
    send({ name: 'Ada' }, chat, 'stream');
    const item = await next();
    expect([item.properties.correlationId, item.content.toString()]).toEqual([
      'stream',
      '{"msg":"re Ada"}\n',
    ]);
    send(undefined, { ...chat, 'Micro-Error': 'EOS' }, 'stream');
    expect((await next()).properties.headers).toMatchObject({ 'Micro-Error': 'EOS', 'Micro-ID': '0' });
  });

  test('what is no message disturbs neither a listener nor a client', async () => {
    const address = await serve();
    const go = await peer();
    const api = (await clientOf(address)).of(Greeter);
    await api.hello({ name: 'Ada' });
    const strange: object[] = [
      {},
      { 'Micro-Endpoint': { nested: 'table' }, 'Micro-ID': 7 },
      { 'Micro-Endpoint': ['list'], 'Micro-Error': true },
      { __PROTO__: 'x' },
    ];
    for (const one of strange) {
      go.publish(exchange, address, Buffer.from('garbage'), { headers: { ...one } });
      go.publish(exchange, address, Buffer.from('garbage'), { headers: { ...one }, replyTo: 'nowhere' });
    }
    expect(await api.hello({ name: 'Bob' })).toEqual({ msg: 'Hello Bob' });
  });

  test('a body that the server refuses fails its call, and the closed channel is replaced', async () => {
    const api = (await clientOf(await serve())).of(Greeter);
    await api.hello({ name: 'Ada' });
    const error: unknown = await api
      .hello({ name: 'x'.repeat(1_100_000) })
      .catch((reason: unknown) => reason);
    expect(isMicroError(error, 'unavailable') && error.message).toMatch(/message size 1100012/);
    for (let name = 'again'; ; ) {
      const reply: unknown = await api
        .hello({ name }, { timeoutMs: 5_000 })
        .catch((reason: unknown) => reason);
      if (!isMicroError(reply, 'unavailable')) {
        expect(reply).toEqual({ msg: 'Hello again' });
        break;
      }
    }
  });
});

test('addresses that are no queues, and numbers that make no sense, are refused', () => {
  const transport = rabbitmqTransport();
  for (const address of ['', 'a b', 'a.*', 'a.#', 'amq.queue', 'x'.repeat(256)])
    expect(() => transport.dial(address, { metadata: {} })).toThrow(/is not the queue/);
  expect(() => rabbitmqTransport({ maxBodyBytes: 0 })).toThrow(/maxBodyBytes/);
  expect(() => rabbitmqTransport({ address: 'http://guest:secret@x' })).toThrow(/an address is not/);
});
