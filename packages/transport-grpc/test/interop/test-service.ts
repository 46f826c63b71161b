import { randomUUID } from 'node:crypto';
import { protobufCodec } from '@micro/codec-protobuf';
import {
  type Client,
  type Context,
  contract,
  createClient,
  createService,
  MicroError,
  memoryRegistry,
  rpc,
} from '@micro/core';
import { pause } from '@micro/core/plugin';
import { type GrpcTransportOptions, grpcTransport } from '../../src/index.ts';
import {
  type EchoStatus,
  Empty,
  type ResponseParameters,
  type TestOrcaReport,
  TestService,
  type TestServiceClient,
  UnimplementedService,
  type UnimplementedServiceClient,
} from '../gen/grpc/testing/test.micro.ts';
import {
  OpenRcaService,
  type OpenRcaServiceClient,
  OrcaLoadReport,
  type OrcaLoadReportInit,
} from '../gen/xds/orca/orca.micro.ts';

/** What no server has in a service that is there. */
const NoMethod = contract('grpc.testing', 'TestService', {
  unimplementedCall: rpc({ request: Empty, response: Empty }),
});

/** A status that a client wants: UNKNOWN has no number of its own in go-micro's table. */
function failure({ code, message }: EchoStatus): MicroError {
  return new MicroError('internal', message, { status: code === 2 ? 520 : 500 });
}

/** A payload of so many bytes. */
function payload(size: number): { readonly payload: { readonly body: Uint8Array } } {
  return { payload: { body: new Uint8Array(size) } };
}

/** What the cases of custom metadata want back: one value ahead of the answer, one behind it. */
function echoMetadata({ metadata, reply }: Context): void {
  const { 'x-grpc-test-echo-initial': initial, 'x-grpc-test-echo-trailing-bin': trailing } = metadata;
  if (initial !== undefined) reply.setHeader({ 'x-grpc-test-echo-initial': initial });
  if (trailing !== undefined) reply.setTrailer({ 'x-grpc-test-echo-trailing-bin': trailing });
}

/** Where a report of a server's load stands (gRPC proposal A51). */
export const loadKey = 'endpoint-load-metrics-bin';
/** How often it is reported to who asks for it. */
const reportMs = 100;
const loadCodec = protobufCodec().bind(OrcaLoadReport);

function reportOf({
  cpuUtilization,
  memoryUtilization,
  requestCost,
  utilization,
}: TestOrcaReport): OrcaLoadReportInit {
  return { cpuUtilization, memUtilization: memoryUtilization, requestCost, utilization };
}
function encodeLoad(load: OrcaLoadReportInit): string {
  return Buffer.from(loadCodec.encode(load)).toString('base64');
}
/** Reads such a report. */
export function decodeLoad(text: string): unknown {
  return loadCodec.decode(Buffer.from(text, 'base64'));
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
    codec: protobufCodec(),
    registry: memoryRegistry({ network: randomUUID() }),
    drainMs: 1_000,
    leaveMs: 0,
    argv: [],
    env: {},
  });
  const respond = function* (wanted: readonly ResponseParameters[]): Iterable<ReturnType<typeof payload>> {
    for (const { size } of wanted) yield payload(size);
  };
  let load: OrcaLoadReportInit = {};
  service.handle(TestService, {
    emptyCall: () => ({}),
    unaryCall({ responseSize, responseStatus, fillServerId, orcaPerQueryReport: load }, ctx) {
      echoMetadata(ctx);
      if (load !== undefined) ctx.reply.setTrailer({ [loadKey]: encodeLoad(reportOf(load)) });
      if (responseStatus !== undefined && responseStatus.code !== 0) throw failure(responseStatus);
      return { ...payload(responseSize), serverId: fillServerId ? 'ours' : '' };
    },
    async *streamingOutputCall({ responseParameters }) {
      yield* respond(responseParameters);
    },
    async streamingInputCall(requests) {
      let size = 0;
      for await (const { payload } of requests) size += payload?.body.length ?? 0;
      return { aggregatedPayloadSize: size };
    },
    async *fullDuplexCall(requests, ctx) {
      echoMetadata(ctx);
      for await (const { responseParameters, responseStatus, orcaOobReport } of requests) {
        if (orcaOobReport !== undefined) load = reportOf(orcaOobReport);
        if (responseStatus !== undefined && responseStatus.code !== 0) throw failure(responseStatus);
        yield* respond(responseParameters);
      }
    },
  });
  service.handle(OpenRcaService, {
    async *streamCoreMetrics(_, { signal }) {
      while (!signal.aborted) {
        yield load;
        await pause(reportMs, signal);
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
  readonly api: TestServiceClient;
  readonly load: OpenRcaServiceClient;
  readonly nowhere: UnimplementedServiceClient;
  readonly noMethod: Client<(typeof NoMethod)['endpoints']>;
  close(): Promise<void>;
}

/** A client of ours for whoever serves it at the address. */
export async function callTestService(address: string, options: GrpcTransportOptions = {}): Promise<Calling> {
  const registry = memoryRegistry({ network: randomUUID() });
  const nodes = [{ id: 'one', address, metadata: {} }];
  for (const name of ['grpc.testing', 'xds.service.orca.v3']) {
    await registry.register({ name, version: '', metadata: {}, endpoints: [], nodes }, { ttlMs: 600_000 });
  }
  const transport = grpcTransport(options);
  const client = createClient({ transport, codec: protobufCodec(), registry, retries: 0, argv: [], env: {} });
  return {
    api: client.of(TestService),
    load: client.of(OpenRcaService),
    nowhere: client.of(UnimplementedService),
    noMethod: client.of(NoMethod),
    async close() {
      await client.close();
      await transport.close();
      await registry.close();
    },
  };
}
