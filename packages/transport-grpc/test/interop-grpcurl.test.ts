import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { describePeer } from '../../../scripts/backends/jest.mjs';
import { describeField, describeFile, describeMessage } from '../src/descriptors.ts';
import { bytesField, message } from '../src/protobuf.ts';
import { file_grpc_testing_test } from './gen/grpc/testing/test.micro.ts';
import { serveEcho } from './interop/echo.ts';
import { type Ended, run } from './interop/process.ts';
import { type Served, serveTestService } from './interop/test-service.ts';

const payload = describeField('payload', 1, 'message', { of: '.grpc.testing.Payload' });

await describePeer('grpc-go', ({ grpcurl }) => {
  let served: Served;
  beforeAll(async () => {
    served = await serveTestService();
  });
  afterAll(() => served.close());
  const curl = (...args: string[]): Promise<Ended> => run(grpcurl, ['-plaintext', ...args]);
  const at = (): string => `127.0.0.1:${served.port}`;

  test('lists the services, by either version of reflection', async () => {
    const { status, text } = await curl(at(), 'list');
    expect({ status, lines: text.trim().split('\n') }).toEqual({
      status: 0,
      lines: [
        'grpc.health.v1.Health',
        'grpc.reflection.v1.ServerReflection',
        'grpc.reflection.v1alpha.ServerReflection',
        'grpc.testing.TestService',
        'xds.service.orca.v3.OpenRcaService',
      ],
    });
  });

  test("describes what the schemas of the contract carry, and gRPC's own services", async () => {
    expect((await curl(at(), 'describe', 'grpc.testing.TestService')).text).toContain(
      'rpc FullDuplexCall ( stream .grpc.testing.StreamingOutputCallRequest ) returns ( stream .grpc.testing.StreamingOutputCallResponse );',
    );
    expect((await curl(at(), 'describe', 'grpc.testing.SimpleRequest')).text).toContain(
      'int32 response_size = 2;',
    );
    for (const name of [
      'grpc.health.v1.Health',
      'grpc.reflection.v1.ServerReflection',
      'grpc.reflection.v1alpha.ServerReflection',
    ]) {
      expect((await curl(at(), 'describe', name)).status).toBe(0);
    }
    const request = await curl(at(), 'describe', 'grpc.reflection.v1.ServerReflectionRequest');
    expect(request.text).toContain('oneof message_request {');
  });

  test('calls unary endpoints and streams', async () => {
    const unary = await curl('-d', '{"response_size":3}', at(), 'grpc.testing.TestService/UnaryCall');
    expect(JSON.parse(unary.text)).toEqual({ payload: { body: 'AAAA' } });
    const streamed = await curl(
      ...['-d', '{"response_parameters":[{"size":1},{"size":2}]}', at()],
      'grpc.testing.TestService/StreamingOutputCall',
    );
    expect(streamed.text.match(/"body"/g)).toHaveLength(2);
    const duplex = await curl(
      ...['-d', '{"response_parameters":[{"size":1}]}{"response_parameters":[{"size":2}]}', at()],
      'grpc.testing.TestService/FullDuplexCall',
    );
    expect(duplex.text.match(/"body"/g)).toHaveLength(2);
  });

  test('sees a status with its text', async () => {
    const data = '{"response_status":{"code":2,"message":"no 😈"}}';
    const { status, text } = await curl('-d', data, at(), 'grpc.testing.TestService/UnaryCall');
    expect(status).not.toBe(0);
    expect(text).toContain('Code: Unknown');
    expect(text).toContain('Message: no 😈');
  });

  test('asks for health', async () => {
    const { text } = await curl(
      '-d',
      '{"service":"grpc.testing.TestService"}',
      at(),
      'grpc.health.v1.Health/Check',
    );
    expect(JSON.parse(text)).toEqual({ status: 'SERVING' });
  });

  test('gives what a file imports with it, once', async () => {
    const deep = message(
      describeFile('deep.proto', 'deep', [describeMessage('Deep', { fields: [payload] })], []),
      bytesField(3, 'grpc/testing/test.proto'),
    );
    const described = await serveEcho({
      reflection: message(bytesField(1, deep), bytesField(1, file_grpc_testing_test.descriptor())),
    });
    const { status, text } = await curl(described.address, 'describe', 'deep.Deep');
    await described.close();
    expect({ status, text }).toMatchObject({ status: 0 });
    expect(text).toContain('.grpc.testing.Payload payload = 1;');
  });

  test('finds what the option describes, lists the rest by name alone, and nothing where reflection is off', async () => {
    const described = await serveEcho({
      reflection: message(bytesField(1, file_grpc_testing_test.descriptor())),
    });
    const hidden = await serveEcho({ reflection: false });
    expect((await curl(described.address, 'list')).text.split('\n')).toContain('Echo');
    expect((await curl(described.address, 'describe', 'Echo')).text).toContain('Symbol not found: Echo');
    expect((await curl(described.address, 'describe', 'grpc.testing.Payload')).status).toBe(0);
    expect((await curl(hidden.address, 'list')).text).toContain('server does not support the reflection API');
    await described.close();
    await hidden.close();
  });
});
