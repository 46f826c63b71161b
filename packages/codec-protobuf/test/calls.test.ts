import { afterEach, describe, expect, test } from '@jest/globals';
import {
  type ClientOptions,
  createClient,
  createService,
  memoryRegistry,
  memoryTransport,
  type Registry,
  type Transport,
} from '@micro/core';
import { httpTransport } from '@micro/transport-http';
import { protobufCodec } from '../src/index.ts';
import { Everything, Greeter, type GreeterHandlers, type Greeting } from './gen/demo/v1/everything.micro.ts';

const handlers: GreeterHandlers = {
  // What the client left out is there
  hello: ({ name, times }) => ({ text: `Hello ${name.toUpperCase()}`, number: times + 1n }),
  async *many({ name, times }) {
    for (let number = 0n; number < times; number++) yield { text: name, number };
  },
  async all(requests) {
    const names: string[] = [];
    for await (const { name } of requests) names.push(name);
    return { text: names.join(' ') };
  },
  async *chat(requests) {
    for await (const { name } of requests) yield { text: name };
  },
};

const transports: [string, () => Transport][] = [
  ['memory', () => memoryTransport({ network: 'codec-protobuf' })],
  ['http', () => httpTransport()],
];

describe.each(transports)('over %s', (name, transport) => {
  const open: (() => Promise<void>)[] = [];
  afterEach(async () => {
    for (const close of open.splice(0).reverse()) await close();
  });

  async function serve(registry: Registry): Promise<void> {
    const address = name === 'http' ? { address: '127.0.0.1:0' } : {};
    const service = createService({ name: 'demo.v1', registry, transport: transport(), ...address });
    service.handle(Greeter, handlers);
    await service.start();
    open.push(() => service.stop());
  }
  function client(registry: Registry, codec: ClientOptions['codec']): ReturnType<typeof createClient> {
    const made = createClient({
      registry,
      transport: transport(),
      ...(codec === undefined ? {} : { codec }),
    });
    open.push(() => made.close());
    return made;
  }

  test.each<[string, () => ClientOptions['codec']]>([
    ['JSON', () => undefined],
    ['protobuf by name', () => 'protobuf'],
    ['protobuf with options', () => protobufCodec({ unknownFields: 'drop' })],
  ])('one server answers each call in its content type: %s', async (_, codec) => {
    const registry = memoryRegistry({ network: `codec-protobuf-${name}` });
    await serve(registry);
    const greeter = client(registry, codec()).of(Greeter);
    expect(await greeter.hello({ name: 'Ada', times: 2n ** 60n })).toEqual({
      text: 'Hello ADA',
      number: 2n ** 60n + 1n,
    });
    expect(await greeter.hello({})).toEqual({ text: 'Hello ', number: 1n });
    const many: Greeting[] = [];
    for await (const one of greeter.many({ name: 'x', times: 3n })) many.push(one);
    expect(many).toEqual([0n, 1n, 2n].map((number) => ({ text: 'x', number })));
    const names = async function* (): AsyncGenerator<{ name: string }> {
      yield { name: 'a' };
      yield { name: 'b' };
    };
    expect(await greeter.all(names())).toEqual({ text: 'a b', number: 0n });
    const chat: string[] = [];
    for await (const { text } of greeter.chat(names())) chat.push(text);
    expect(chat).toEqual(['a', 'b']);
  });

  test('a client answers each call in the content type that it asks for', async () => {
    const registry = memoryRegistry({ network: `codec-protobuf-${name}` });
    await serve(registry);
    const types: string[] = [];
    const seen = transport();
    const { dial } = seen;
    const spied: Transport = {
      ...seen,
      dial(...given: Parameters<Transport['dial']>) {
        const connection = dial.apply(seen, given);
        const { request } = connection;
        connection.request = (call) => {
          types.push(call.target.contentType);
          request.call(connection, call);
        };
        return connection;
      },
    };
    const made = createClient({ registry, transport: spied });
    open.push(() => made.close());
    const greeter = made.of(Greeter);
    for (const contentType of [
      'application/protobuf',
      undefined,
      'application/grpc+proto',
      'application/protobuf',
    ])
      expect(await greeter.hello({ name: 'Ada' }, { contentType })).toEqual({
        text: 'Hello ADA',
        number: 1n,
      });
    expect(types).toEqual([
      'application/protobuf',
      'application/json',
      'application/grpc+proto',
      'application/protobuf',
    ]);
    await expect(greeter.hello({}, { contentType: 'text/plain' })).rejects.toMatchObject({
      code: 'bad_request',
    });
  });

  test('a wrong value is refused before it is sent, or by the server', async () => {
    const registry = memoryRegistry({ network: `codec-protobuf-${name}` });
    await serve(registry);
    for (const codec of [undefined, protobufCodec()]) {
      const wrong: { name: string } = JSON.parse('{"name":5}');
      await expect(client(registry, codec).of(Greeter).hello(wrong)).rejects.toMatchObject({
        code: 'bad_request',
        message: expect.stringContaining('name: 5 is no string'),
      });
    }
  });

  test('endpoints are registered with their fields, as go-micro describes messages', async () => {
    const registry = memoryRegistry({ network: `codec-protobuf-${name}` });
    await serve(registry);
    const [record] = await registry.getService('demo.v1');
    const hello = record?.endpoints.find((endpoint) => endpoint.name === 'Greeter.Hello');
    expect(hello).toMatchObject({
      request: {
        type: 'GreetRequest',
        values: [
          { name: 'name', type: 'string', values: null },
          { name: 'times', type: 'int64', values: null },
        ],
      },
      response: { type: 'Greeting' },
      metadata: { description: 'Greets once.' },
    });
    const described = JSON.stringify(Reflect.get(Everything['~standard'], 'jsonSchema').input());
    expect(JSON.parse(described).properties).toMatchObject({
      a_bytes: { type: 'array', items: { title: 'uint8' } },
      a_fixed64: { title: 'uint64' },
      color: { title: 'Color' },
      inner: { title: 'Inner', properties: { id: { type: 'string' }, next: { title: 'Inner' } } },
      inners: { type: 'array', items: { title: 'Inner' } },
      by_name: { title: '' },
    });
  });

  test('without a contract, the message is proto3 JSON', async () => {
    if (name === 'memory') return; // there bodies are values: what is sent is what arrives
    const registry = memoryRegistry({ network: `codec-protobuf-${name}` });
    await serve(registry);
    const reply = await client(registry, undefined).call('demo.v1', 'Greeter.Hello', {
      name: 'Ada',
      times: '4',
    });
    expect(reply).toEqual({ text: 'Hello ADA', number: '5' });
  });
});
