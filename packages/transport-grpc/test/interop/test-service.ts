import { randomUUID } from 'node:crypto';
import {
  type Client,
  contract,
  createClient,
  createService,
  MicroError,
  memoryRegistry,
  rpc,
  stream,
  type Transport,
} from '@micro/core';
import { type GrpcTransportOptions, grpcTransport } from '../../src/index.ts';
import { Aggregated, Empty, Reply, Simple, type Status, Streaming, testCodec } from './messages.ts';

/** gRPC's own service for interoperability (grpc/grpc: src/proto/grpc/testing/test.proto). */
const TestService = contract('grpc.testing', 'TestService', {
  emptyCall: rpc({ request: Empty, response: Empty }),
  unaryCall: rpc({ request: Simple, response: Reply }),
  streamingOutputCall: rpc({ request: Streaming, response: stream(Reply) }),
  streamingInputCall: rpc({ request: stream(Reply), response: Aggregated }),
  fullDuplexCall: rpc({ request: stream(Streaming), response: stream(Reply) }),
});
/** What no server has. */
const Nowhere = contract('grpc.testing', 'UnimplementedService', {
  unimplementedCall: rpc({ request: Empty, response: Empty }),
});
const NoMethod = contract('grpc.testing', 'TestService', {
  unimplementedCall: rpc({ request: Empty, response: Empty }),
});

/** A status that a client wants: UNKNOWN has no number of its own in go-micro's table. */
function failure({ code, message }: Status): MicroError {
  return new MicroError('internal', message, { status: code === 2 ? 520 : 500 });
}

export interface Served {
  readonly port: number;
  readonly address: string;
  close(): Promise<void>;
}

/** Serves it on a free port of 127.0.0.1. */
export async function serveTestService(options: GrpcTransportOptions = {}): Promise<Served> {
  const transport = grpcTransport(options);
  const service = createService({
    name: 'grpc.testing',
    address: '127.0.0.1:0',
    transport,
    codec: testCodec,
    registry: memoryRegistry({ network: randomUUID() }),
    drainMs: 1_000,
    leaveMs: 0,
    argv: [],
    env: {},
  });
  const respond = function* (sizes: readonly number[]): Iterable<{ readonly body: Uint8Array }> {
    for (const size of sizes) yield { body: new Uint8Array(size) };
  };
  service.handle(TestService, {
    emptyCall: () => ({}),
    unaryCall({ responseSize, status, fillServerId }) {
      if (status !== undefined && status.code !== 0) throw failure(status);
      return { body: new Uint8Array(responseSize), serverId: fillServerId === true ? 'ours' : undefined };
    },
    async *streamingOutputCall({ sizes }) {
      yield* respond(sizes);
    },
    async streamingInputCall(requests) {
      let size = 0;
      for await (const { body } of requests) size += body.length;
      return { size };
    },
    async *fullDuplexCall(requests) {
      for await (const { sizes, status } of requests) {
        if (status !== undefined && status.code !== 0) throw failure(status);
        yield* respond(sizes);
      }
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

export interface Calling {
  readonly api: Client<(typeof TestService)['endpoints']>;
  readonly nowhere: Client<(typeof Nowhere)['endpoints']>;
  readonly noMethod: Client<(typeof NoMethod)['endpoints']>;
  readonly transport: Transport;
  close(): Promise<void>;
}

/** A client of ours for whoever serves it at the address. */
export async function callTestService(address: string, options: GrpcTransportOptions = {}): Promise<Calling> {
  const registry = memoryRegistry({ network: randomUUID() });
  const nodes = [{ id: 'one', address, metadata: {} }];
  await registry.register(
    { name: 'grpc.testing', version: '', metadata: {}, endpoints: [], nodes },
    { ttlMs: 600_000 },
  );
  const transport = grpcTransport(options);
  const client = createClient({ transport, codec: testCodec, registry, retries: 0, argv: [], env: {} });
  return {
    api: client.of(TestService),
    nowhere: client.of(Nowhere),
    noMethod: client.of(NoMethod),
    transport,
    async close() {
      await client.close();
      await transport.close();
      await registry.close();
    },
  };
}
