import { afterEach, beforeAll, expect, test } from '@jest/globals';
import {
  contract,
  createClient,
  createService,
  isMicroError,
  type MicroClient,
  type MicroError,
  memoryRegistry,
  rpc,
  stream,
  type,
} from '@micro/core';
import { connect } from '@nats-io/transport-node';
import type { BackendServer } from '../../../scripts/backends/index.mjs';
import { describeBackend } from '../../../scripts/backends/jest.mjs';
import { type NatsTransportOptions, natsTransport } from '../src/index.ts';

interface Text {
  readonly text: string;
}
const Hold = contract('hold', 'Hold', {
  on: rpc({ request: type<Text>(), response: type<Text>() }),
  many: rpc({ request: type<Text>(), response: stream(type<Text>()) }),
});

async function failure(promise: Promise<unknown>): Promise<MicroError> {
  const error: unknown = await promise.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  if (isMicroError(error)) return error;
  throw new Error(`no MicroError: ${String(error)}`);
}

await describeBackend('nats', ({ start }) => {
  let server: BackendServer;
  let strict: BackendServer;
  beforeAll(async () => {
    server = await start();
    const permissions = '{ publish: { deny: ["secret.>"] }, subscribe: { deny: ["private.>"] } }';
    strict = await start({
      config: `authorization { users: [{ user: ada, password: ada, permissions: ${permissions} }] }`,
    });
  });
  const closing: (() => Promise<unknown>)[] = [];
  afterEach(async () => {
    for (const close of closing.splice(0).reverse()) await close();
  });

  async function clientOf(address: string, options: NatsTransportOptions = {}): Promise<MicroClient> {
    const registry = memoryRegistry({ network: address });
    const node = { id: 'hold-1', address, metadata: { protocol: 'mucp' } };
    const record = { name: 'hold', version: '1', metadata: {}, endpoints: [], nodes: [node] };
    await registry.register(record, { ttlMs: 60_000 });
    const transport = natsTransport({ address: server.url, ...options });
    const client = createClient({ registry, transport, broker: 'memory', argv: [], env: {}, retries: 0 });
    closing.push(() => client.close().then(() => transport.close()));
    return client;
  }
  /** A service whose handlers wait until they are told. */
  async function serve(
    options: NatsTransportOptions = {},
  ): Promise<{ readonly address: string; go(): void }> {
    const transport = natsTransport({ address: server.url, ...options });
    const around = { registry: 'memory', broker: 'memory', argv: [], env: {}, leaveMs: 0 } as const;
    const service = createService({ ...around, name: 'hold', transport });
    let go = (): void => {};
    const told = new Promise<void>((resolve) => {
      go = resolve;
    });
    service.handle(Hold, {
      async on({ text }) {
        await told;
        return { text };
      },
      async *many({ text }) {
        await told;
        yield { text };
      },
    });
    closing.push(() => service.stop().then(() => transport.close()));
    await service.start();
    return { address: service.address ?? '', go };
  }

  test('calls beyond maxIncoming are refused before their handler', async () => {
    const { address, go } = await serve({ maxIncoming: 2 });
    const api = (await clientOf(address)).of(Hold);
    const calls = [api.on({ text: 'a' }), api.on({ text: 'b' })];
    const error = await failure(api.on({ text: 'c' }));
    expect([error.code, error.delivered]).toEqual(['overloaded', 'no']);
    go();
    expect(await Promise.all(calls)).toEqual([{ text: 'a' }, { text: 'b' }]);
    expect(await api.on({ text: 'd' })).toEqual({ text: 'd' });
  });

  test('streams beyond maxStreams are refused, and there is room when one has ended', async () => {
    const { address, go } = await serve();
    const api = (await clientOf(address, { maxStreams: 1 })).of(Hold);
    const read = async (text: string): Promise<string[]> => {
      const seen: string[] = [];
      for await (const item of api.many({ text })) seen.push(item.text);
      return seen;
    };
    const first = read('one');
    const error = await failure(read('two'));
    expect([error.code, error.delivered]).toEqual(['overloaded', 'no']);
    go();
    expect(await first).toEqual(['one']);
    expect(await read('three')).toEqual(['three']);
  });

  test('calls beyond maxQueued do not wait for the connection', async () => {
    const { address, go } = await serve();
    go();
    const api = (await clientOf(address, { maxQueued: 2 })).of(Hold);
    const outcomes = await Promise.allSettled(['a', 'b', 'c'].map((text) => api.on({ text })));
    expect(outcomes.map(({ status }) => status)).toEqual(['fulfilled', 'fulfilled', 'rejected']);
  });

  test('what a Go server pours over a slow reader is bounded', async () => {
    const go = await connect({ servers: server.url.replace('nats://', '') });
    closing.push(() => go.close());
    const Body = Buffer.from(JSON.stringify({ text: 'x'.repeat(10_000) })).toString('base64');
    let asked = 0;
    go.subscribe('go-hold', {
      callback: (_, message) => {
        if (message.data.length === 0) return; // ours asks whether it is still there
        const { Header } = message.json<{ readonly Header: Readonly<Record<string, string>> }>();
        if (Header['Micro-Error'] !== undefined || ++asked < 2) return;
        for (let item = 0; item < 100; item++) message.respond(JSON.stringify({ Header, Body }));
      },
    });
    await go.flush();
    const api = (await clientOf('go-hold', { maxQueuedBytes: 100_000 })).of(Hold);
    const reading = (async () => {
      for await (const item of api.many({ text: 'go' })) {
        expect(item.text).toHaveLength(10_000);
        await new Promise((resolve) => setTimeout(resolve, 20));
      }
    })();
    expect((await failure(reading)).code).toBe('overloaded');
  });

  test('a subject that may not be published to fails its calls at once, as not delivered', async () => {
    const options = { address: strict.url, user: 'ada', password: 'ada' };
    const api = (await clientOf('secret.hold', options)).of(Hold);
    const error = await failure(api.on({ text: 'x' }));
    expect([error.code, error.delivered]).toEqual(['forbidden', 'no']);
    expect(error.message).toMatch(/secret\.hold/);
  });

  test('a subject that may not be subscribed to cannot be listened on', async () => {
    const transport = natsTransport({ address: strict.url, user: 'ada', password: 'ada' });
    closing.push(() => transport.close());
    const unused = (): never => {
      throw new Error('nobody calls');
    };
    const acceptor = { endpoints: [], route: unused, call: unused, stream: unused };
    const error = await failure(transport.listen(acceptor, { address: 'private.hold' }));
    expect(error.code).toBe('forbidden');
  });
});
