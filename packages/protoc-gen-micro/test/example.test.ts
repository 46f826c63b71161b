import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { describe, expect, test } from '@jest/globals';
import { createClient, memoryRegistry } from '@micro/core';
import { describePeer } from '../../../scripts/backends/jest.mjs';
import '@micro/transport-grpc';
import '@micro/transport-http';
import '@micro/transport-tcp';
import {
  file_greeter_v1_greeter,
  Greeter,
} from '../../../examples/proto/src/gen/greeter/v1/greeter.micro.ts';
import { greeterService } from '../../../examples/proto/src/service.ts';
import { visit } from '../../../examples/proto/src/visit.ts';
import { folder } from './generated.ts';

describe.each(['grpc', 'tcp', 'http'] as const)('the service of examples/proto on %s', (transport) => {
  test.each(['protobuf', 'json'] as const)('is visited in %s', async (codec) => {
    const registry = memoryRegistry({ network: `example-${transport}-${codec}` });
    const service = greeterService({ transport, registry, address: '127.0.0.1:0' });
    await service.start();
    const client = createClient({ transport, registry, codec });
    try {
      expect(await visit(client.of(Greeter))).toEqual([
        'Hello Ada (numbered and dated)',
        '1 2 3',
        '6',
        'Hallo Grace',
        'Hallo Konrad',
      ]);
    } finally {
      await client.close();
      await service.stop();
    }
  });
});

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
