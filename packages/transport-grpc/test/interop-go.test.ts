import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { type Certificates, hasOpenssl, makeCertificates } from '@micro/conformance';
import type { CallOptions, Metadata } from '@micro/core';
import { describePeer } from '../../../scripts/backends/jest.mjs';
import { type Running, run, start } from './interop/process.ts';
import {
  type Calling,
  callTestService,
  decodeLoad,
  loadKey,
  type Served,
  serveTestService,
} from './interop/test-service.ts';

/** Every case of gRPC's interoperability tests that needs no credentials of a cloud. */
const cases = [
  ...['empty_unary', 'large_unary', 'client_streaming', 'server_streaming', 'ping_pong', 'empty_stream'],
  ...['timeout_on_sleeping_server', 'cancel_after_begin', 'cancel_after_first_response'],
  ...['status_code_and_message', 'special_status_message', 'unimplemented_method', 'unimplemented_service'],
  ...['pick_first_unary', 'custom_metadata'],
];
/** These look at the reports of a server's load, through a balancer that the client is told to use. */
const loadCases = ['orca_per_rpc', 'orca_oob'];
const balancer = '{"loadBalancingConfig":[{"test_backend_metrics_load_balancer":{}}]}';

const largeRequest = 271_828;
const largeReply = 314_159;
const special = '\t\ntest with whitespace\r\nand Unicode BMP ☺ and non-BMP \u{1F608}\t\n';

await describePeer('grpc-go', ({ client, server }) => {
  describe('a Go client and our server', () => {
    let served: Served;
    beforeAll(async () => {
      served = await serveTestService();
    });
    afterAll(() => served.close());
    const interop = (name: string, ...more: string[]): ReturnType<typeof run> =>
      run(client, ['-server_host=127.0.0.1', `-server_port=${served.port}`, `-test_case=${name}`, ...more]);

    test.each(cases)(
      '%s',
      async (name) => {
        const { status, text } = await interop(name);
        expect({ status, text }).toMatchObject({ status: 0 });
      },
      30_000,
    );

    test.each(loadCases)(
      '%s',
      async (name) => {
        const { status, text } = await interop(name, `-service_config_json=${balancer}`);
        expect({ status, text }).toMatchObject({ status: 0 });
      },
      60_000,
    );
  });

  describe('our client and a Go server', () => {
    let peer: Running;
    let calling: Calling;
    beforeAll(async () => {
      peer = await start(server, (port) => [`-port=${port}`]);
      calling = await callTestService(`127.0.0.1:${peer.port}`);
    }, 60_000);
    afterAll(async () => {
      await calling.close();
      await peer.stop();
    });
    const api = (): Calling['api'] => calling.api;
    const payload = (size: number): { readonly body: Uint8Array } => ({ body: new Uint8Array(size) });
    const asking = (...sizes: number[]): { readonly responseParameters: { readonly size: number }[] } => ({
      responseParameters: sizes.map((size) => ({ size })),
    });

    test('empty_unary', async () => {
      expect(await api().emptyCall({})).toEqual({});
    });

    test('large_unary', async () => {
      const reply = await api().unaryCall({ responseSize: largeReply, payload: payload(largeRequest) });
      expect(reply.payload?.body).toHaveLength(largeReply);
    });

    test('client_streaming', async () => {
      const sizes = [27_182, 8, 1_828, 45_904];
      const requests = (async function* () {
        for (const size of sizes) yield { payload: payload(size) };
      })();
      expect(await api().streamingInputCall(requests)).toEqual({ aggregatedPayloadSize: 74_922 });
    });

    test('server_streaming', async () => {
      const sizes = [31_415, 9, 2_653, 58_979];
      const seen: number[] = [];
      for await (const reply of api().streamingOutputCall(asking(...sizes)))
        seen.push(reply.payload?.body.length ?? 0);
      expect(seen).toEqual(sizes);
    });

    test('ping_pong', async () => {
      const asked = [27_182, 8, 1_828, 45_904];
      const sizes = [31_415, 9, 2_653, 58_979];
      const seen: number[] = [];
      let answered: () => void = () => undefined;
      const requests = (async function* () {
        for (const [turn, size] of asked.entries()) {
          const pong = new Promise<void>((resolve) => {
            answered = resolve;
          });
          yield { ...asking(sizes[turn] ?? 0), payload: payload(size) };
          await pong;
        }
      })();
      for await (const reply of api().fullDuplexCall(requests)) {
        seen.push(reply.payload?.body.length ?? 0);
        answered();
      }
      expect(seen).toEqual(sizes);
    });

    test('empty_stream', async () => {
      const nothing = (async function* () {})();
      for await (const _ of api().fullDuplexCall(nothing)) throw new Error('a reply to nothing');
    });

    test('timeout_on_sleeping_server', async () => {
      const forever = (async function* () {
        yield { payload: payload(27_182) };
        await new Promise(() => undefined);
      })();
      const reading = api().fullDuplexCall(forever, { timeoutMs: 1 })[Symbol.asyncIterator]().next();
      await expect(reading).rejects.toMatchObject({ code: 'timeout' });
    });

    test('cancel_after_begin', async () => {
      const controller = new AbortController();
      const forever = (async function* () {
        await new Promise(() => undefined);
        yield { payload: payload(1) };
      })();
      const calling = api().streamingInputCall(forever, { signal: controller.signal });
      controller.abort();
      await expect(calling).rejects.toMatchObject({ code: 'canceled' });
    });

    test('cancel_after_first_response', async () => {
      const controller = new AbortController();
      const requests = (async function* () {
        yield { ...asking(31_415), payload: payload(27_182) };
        await new Promise(() => undefined);
      })();
      const replies = api().fullDuplexCall(requests, { signal: controller.signal })[Symbol.asyncIterator]();
      expect((await replies.next()).value?.payload?.body).toHaveLength(31_415);
      controller.abort();
      await expect(replies.next()).rejects.toMatchObject({ code: 'canceled' });
    });

    test('custom_metadata', async () => {
      const initial = { 'x-grpc-test-echo-initial': 'test_initial_metadata_value' };
      const trailing = { 'x-grpc-test-echo-trailing-bin': Buffer.of(0xab, 0xab, 0xab).toString('base64') };
      const told: Metadata[] = [];
      const options: CallOptions = {
        metadata: { ...initial, ...trailing },
        onHeader: (header) => told.push({ ...header }),
        onTrailer: (trailer) => told.push({ ...trailer }),
      };
      await api().unaryCall({ responseSize: 1, payload: payload(1) }, options);
      expect(told.splice(0)).toEqual([expect.objectContaining(initial), expect.objectContaining(trailing)]);
      const requests = (async function* () {
        yield { ...asking(1), payload: payload(1) };
      })();
      for await (const _ of api().fullDuplexCall(requests, options)) expect(told).toHaveLength(1);
      expect(told).toEqual([expect.objectContaining(initial), expect.objectContaining(trailing)]);
    });

    test('orca_per_rpc', async () => {
      const load = {
        ...{ cpuUtilization: 0.821, memoryUtilization: 0.5847 },
        ...{ requestCost: { cost: 3456.32 }, utilization: { util: 0.30499 } },
      };
      let report: unknown;
      await api().unaryCall(
        { orcaPerQueryReport: load },
        {
          onTrailer(trailer) {
            report = decodeLoad(trailer[loadKey] ?? '');
          },
        },
      );
      const { memoryUtilization, ...rest } = load;
      expect(report).toEqual({ ...rest, memUtilization: memoryUtilization });
    });

    test('orca_oob', async () => {
      const load = { cpuUtilization: 0.821, memoryUtilization: 0.5847, utilization: { util: 0.30499 } };
      let done: () => void = () => undefined;
      const until = new Promise<void>((resolve) => {
        done = resolve;
      });
      const requests = (async function* () {
        yield { ...asking(1), orcaOobReport: load };
        await until;
      })();
      for await (const _ of api().fullDuplexCall(requests)) {
        const reports = calling.load.streamCoreMetrics({ reportInterval: { seconds: 1n } });
        for await (const { cpuUtilization, memUtilization, utilization } of reports) {
          const { memoryUtilization, ...rest } = load;
          expect({ cpuUtilization, utilization }).toEqual(rest);
          expect(memUtilization).toBe(memoryUtilization);
          break;
        }
        done();
      }
    });

    test('status_code_and_message', async () => {
      const status = { code: 2, message: 'test status message' };
      const wanted = { code: 'internal', message: status.message };
      await expect(api().unaryCall({ responseStatus: status })).rejects.toMatchObject(wanted);
      const requests = (async function* () {
        yield { responseStatus: status };
      })();
      const first = api().fullDuplexCall(requests)[Symbol.asyncIterator]().next();
      await expect(first).rejects.toMatchObject(wanted);
    });

    test('special_status_message', async () => {
      const status = { code: 2, message: special };
      const calling = api().unaryCall({ responseStatus: status });
      await expect(calling).rejects.toMatchObject({ message: special });
    });

    test('unimplemented_method and unimplemented_service are unimplemented, and delivered', async () => {
      const wanted = { code: 'unimplemented', delivered: 'yes' };
      await expect(calling.noMethod.unimplementedCall({})).rejects.toMatchObject(wanted);
      await expect(calling.nowhere.unimplementedCall({})).rejects.toMatchObject(wanted);
    });

    test('a message over the limit of the server is too_large', async () => {
      const other = await callTestService(`127.0.0.1:${peer.port}`, { maxMessageBytes: 2 ** 24 });
      const request = { responseSize: 0, payload: payload(5 * 2 ** 20) };
      await expect(other.api.unaryCall(request)).rejects.toMatchObject({ code: 'too_large' });
      await other.close();
    });

    test('a message over our own limit is too_large, and a reply too', async () => {
      await expect(api().unaryCall({ responseSize: 0, payload: payload(5 * 2 ** 20) })).rejects.toMatchObject(
        {
          code: 'too_large',
          delivered: 'no',
        },
      );
      const other = await callTestService(`127.0.0.1:${peer.port}`, { maxMessageBytes: 2 ** 16 });
      const calling = other.api.unaryCall({ responseSize: 2 ** 17, payload: payload(0) });
      await expect(calling).rejects.toMatchObject({ code: 'too_large', delivered: 'maybe' });
      await other.close();
    });
  });

  (hasOpenssl ? describe : describe.skip)('over TLS', () => {
    let folder: string;
    let files: { readonly ca: string; readonly cert: string; readonly key: string };
    let made: Certificates;
    beforeAll(async () => {
      made = makeCertificates();
      folder = await mkdtemp(join(tmpdir(), 'transport-grpc-tls-'));
      files = { ca: join(folder, 'ca'), cert: join(folder, 'cert'), key: join(folder, 'key') };
      await writeFile(files.ca, made.authority.cert);
      await writeFile(files.cert, made.server.cert);
      await writeFile(files.key, made.server.key);
    });
    afterAll(() => rm(folder, { recursive: true }));

    test('a Go client calls our server', async () => {
      const served = await serveTestService({ tls: made.server });
      const { status, text } = await run(client, [
        ...['-server_host=127.0.0.1', `-server_port=${served.port}`, '-test_case=large_unary'],
        ...['-use_tls', '-use_test_ca', `-ca_file=${files.ca}`, '-server_host_override=127.0.0.1'],
      ]);
      await served.close();
      expect({ status, text }).toMatchObject({ status: 0 });
    }, 30_000);

    test('our client calls a Go server', async () => {
      const tlsFiles = [`-tls_cert_file=${files.cert}`, `-tls_key_file=${files.key}`];
      const peer = await start(server, (port) => [`-port=${port}`, '-use_tls', ...tlsFiles]);
      const calling = await callTestService(`127.0.0.1:${peer.port}`, { tls: { ca: made.authority.cert } });
      const reply = await calling.api.unaryCall({ responseSize: 5 });
      await calling.close();
      await peer.stop();
      expect(reply.payload?.body).toHaveLength(5);
    }, 30_000);
  });
});
