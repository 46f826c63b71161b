import { randomUUID } from 'node:crypto';
import {
  contract,
  createClient,
  createService,
  type Metadata,
  type MicroClient,
  MicroError,
  memoryRegistry,
  rpc,
  stream,
  type,
} from '@micro/core';
import { type GrpcTransportOptions, grpcTransport } from '../../src/index.ts';
import type { Served } from './test-service.ts';

interface Text {
  readonly text: string;
}

/** An echo in JSON, for peers that can send any bytes. */
export const Echo = contract('python', 'Echo', {
  say: rpc({ request: type<Text>(), response: type<Text>() }),
  fail: rpc({ request: type<Text>(), response: type<Text>() }),
  hang: rpc({ request: type<object>(), response: type<object>() }),
  metadata: rpc({ request: type<object>(), response: type<Text>() }),
  whoami: rpc({ request: type<object>(), response: type<Text>() }),
  count: rpc({ request: type<{ to: number }>(), response: stream(type<{ n: number }>()) }),
  sum: rpc({ request: stream(type<{ n: number }>()), response: type<{ total: number }>() }),
  chat: rpc({ request: stream(type<Text>()), response: stream(type<Text>()) }),
  late: rpc({ request: stream(type<Text>()), response: stream(type<{ n: number }>()) }),
});

/** JSON by whatever name a peer gives it: `application/grpc` without a subtype is protobuf's. */
const anyJson = {
  name: 'any-json',
  features: new Set<never>(),
  contentTypes: ['application/json', 'application/protobuf'],
  text: true,
  bind: () => ({
    encode: (message: unknown) => JSON.stringify(message),
    decode(body: string | Uint8Array): unknown {
      try {
        return JSON.parse(String(body));
      } catch (cause) {
        throw new MicroError('bad_request', 'the bytes are no JSON', { cause });
      }
    },
  }),
} as const;

/** Serves it, on a free port of 127.0.0.1 where nothing else is said. */
export async function serveEcho(
  options: GrpcTransportOptions = {},
  at: string = '127.0.0.1:0',
): Promise<Served> {
  const transport = grpcTransport(options);
  const service = createService({
    name: 'python',
    address: at,
    transport,
    codec: anyJson,
    registry: memoryRegistry({ network: randomUUID() }),
    drainMs: 1_000,
    leaveMs: 0,
    argv: [],
    env: {},
  });
  service.handle(Echo, {
    say: ({ text }) => ({ text }),
    fail({ text }) {
      throw new MicroError('not_found', text, { id: 'echo' });
    },
    hang: (_request, { signal }) =>
      new Promise((_, reject) =>
        signal.addEventListener('abort', () => reject(new MicroError('canceled', 'left'))),
      ),
    metadata: (_request, { metadata }) => ({ text: JSON.stringify(metadata) }),
    whoami: (_request, { caller }) => ({ text: `${caller.identity} ${caller.service}` }),
    async *count({ to }) {
      for (let n = 0; n < to; n++) yield { n };
    },
    async sum(numbers) {
      let total = 0;
      for await (const { n } of numbers) total += n;
      return { total };
    },
    async *chat(messages) {
      for await (const { text } of messages) yield { text: `re: ${text}` };
    },
    async *late() {
      yield { n: 1 };
      throw new MicroError('conflict', 'half way');
    },
  });
  await service.start();
  const address = service.address ?? '';
  return {
    address,
    port: Number(address.slice(address.lastIndexOf(':') + 1)),
    async close() {
      await service.stop();
      await transport.close();
    },
  };
}

/** A client of ours for a peer at the address. */
export async function callEcho(
  address: string,
  options: GrpcTransportOptions = {},
  metadata: Metadata = {},
): Promise<{ readonly client: MicroClient; close(): Promise<void> }> {
  const registry = memoryRegistry({ network: randomUUID() });
  const nodes = [{ id: 'one', address, metadata }];
  await registry.register(
    { name: 'python', version: '', metadata: {}, endpoints: [], nodes },
    { ttlMs: 600_000 },
  );
  const transport = grpcTransport(options);
  const client = createClient({
    name: 'tests',
    transport,
    codec: anyJson,
    registry,
    retries: 0,
    argv: [],
    env: {},
  });
  return {
    client,
    async close() {
      await client.close();
      await transport.close();
      await registry.close();
    },
  };
}
