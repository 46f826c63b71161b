import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import {
  createClient,
  type MicroClient,
  memoryRegistry,
  type PluginOptions,
  type Service,
} from '@micro/core';
import type { BackendServer } from '../../../scripts/backends/index.mjs';
import { describeBackend, describePeer } from '../../../scripts/backends/jest.mjs';
import '@micro/transport-grpc';
import '@micro/transport-http';
import '@micro/transport-nats';
import '@micro/transport-rabbitmq';
import '@micro/transport-tcp';
import {
  file_greeter_v1_greeter,
  Greeter,
  type GreeterClient,
} from '../../../examples/proto/src/gen/greeter/v1/greeter.micro.ts';
import { greeterService } from '../../../examples/proto/src/service.ts';
import { visit } from '../../../examples/proto/src/visit.ts';
import { folder } from './generated.ts';

type Choice = NonNullable<PluginOptions['transport']>;

function visited(name: string, transport: () => Choice, address?: string): void {
  describe(`the service of examples/proto on ${name}`, () => {
    const registry = memoryRegistry({ network: `example-${name}` });
    let service: Service;
    let client: MicroClient;
    beforeEach(async () => {
      const options = { transport: transport(), registry };
      service = greeterService({ ...options, address });
      await service.start();
      client = createClient(options);
    });
    afterEach(async () => {
      await client.close();
      await service.stop();
    });

    test.each(['application/protobuf', 'application/json'])('is visited in %s', async (contentType) => {
      const greeter = client.of(Greeter);
      const inType: GreeterClient = {
        hello: (request) => greeter.hello(request, { contentType }),
        count: (request) => greeter.count(request, { contentType }),
        sum: (requests) => greeter.sum(requests, { contentType }),
        party: (requests) => greeter.party(requests, { contentType }),
      };
      expect(await visit(inType)).toEqual([
        'Hello Ada (numbered and dated)',
        '1 2 3',
        '6',
        'Hallo Grace',
        'Hallo Konrad',
      ]);
    });

    test('answers every call of one client in the content type of that call', async () => {
      const { hello } = client.of(Greeter);
      const types = ['application/protobuf', undefined, 'application/json', 'application/protobuf'];
      const calls = types.map((contentType, n) => hello({ name: `${n}` }, { contentType }));
      expect((await Promise.all(calls)).map(({ text }) => text)).toEqual(
        ['0', '1', '2', '3'].map((n) => `Hello ${n}`),
      );
    });
  });
}

visited('memory', () => 'memory');
for (const name of ['grpc', 'tcp', 'http'] as const) visited(name, () => name, '127.0.0.1:0');
for (const [name, at] of [
  ['nats', (address: string): Choice => ({ nats: { address } })],
  ['rabbitmq', (address: string): Choice => ({ rabbitmq: { address } })],
] as const) {
  await describeBackend(name, ({ start }) => {
    let server: BackendServer;
    beforeAll(async () => {
      server = await start();
    }, 60_000);
    visited(name, () => at(server.url));
  });
}

await describePeer('grpc-python', ({ python, modules }) => {
  test('a client in Python calls all four kinds, is refused with words, and finds the descriptors by reflection', async () => {
    const service = greeterService({
      transport: 'grpc',
      registry: memoryRegistry({ network: 'example-python' }),
      address: '127.0.0.1:0',
    });
    await service.start();
    try {
      const descriptors = [...file_greeter_v1_greeter.imports, file_greeter_v1_greeter];
      const child = promisify(execFile)(python, [folder('test/python/greet.py'), String(service.address)], {
        env: { PYTHONPATH: modules, PYTHONDONTWRITEBYTECODE: '1', PATH: process.env.PATH },
        timeout: 30_000,
      });
      child.child.stdin?.end(
        descriptors.map((file) => Buffer.from(file.descriptor()).toString('base64')).join('\n'),
      );
      expect(JSON.parse((await child).stdout)).toEqual({
        hello: { text: 'Hallo Ada', number: '1', at: expect.stringMatching(/^20.*Z$/) },
        count: [1, 2, 3],
        sum: -7,
        party: ['Hello Grace', 'Hello Konrad'],
        refused: ['INVALID_ARGUMENT', 'whom, and in which language?'],
        services: expect.arrayContaining(['greeter.v1.Greeter']),
        reflected: ['greeter/v1/greeter.proto', ['Hello', 'Count', 'Sum', 'Party']],
      });
    } finally {
      await service.stop();
    }
  }, 60_000);
});

await describePeer('grpc-go', ({ grpcurl }) => {
  test('grpcurl learns packages, imports and messages by reflection, and calls with what it has learned', async () => {
    const registry = memoryRegistry({ network: 'example-grpcurl' });
    const service = greeterService({ transport: 'grpc', registry, address: '127.0.0.1:0' });
    await service.start();
    const curl = async (...args: readonly string[]): Promise<string> =>
      (await promisify(execFile)(grpcurl, ['-plaintext', ...args], { timeout: 30_000 })).stdout;
    const at = String(service.address);
    try {
      expect(await curl(at, 'list', 'greeter.v1.Greeter')).toContain('greeter.v1.Greeter.Party\n');
      expect(await curl(at, 'describe', 'greeter.v1.Greeting')).toContain(
        '.google.protobuf.Timestamp at = 3;',
      );
      expect(await curl(at, 'describe', 'google.protobuf.Timestamp')).toContain('int32 nanos = 2;');
      const reply = await curl('-d', '{"name":"Ada","language":"GERMAN"}', at, 'greeter.v1.Greeter/Hello');
      expect(JSON.parse(reply)).toEqual({
        text: 'Hallo Ada',
        number: '1',
        at: expect.stringMatching(/^20.*Z$/),
      });
    } finally {
      await service.stop();
    }
  }, 60_000);
});
