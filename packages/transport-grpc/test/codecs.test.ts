import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { connect } from 'node:http2';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { protobufCodec } from '@micro/codec-protobuf';
import { StringValue } from '@micro/codec-protobuf/google';
import {
  type Codec,
  contract,
  createClient,
  createService,
  type MicroClient,
  memoryRegistry,
  type Registry,
  rpc,
  type Service,
  stream,
} from '@micro/core';
import '../src/index.ts';

const Words = contract('words', 'Words', {
  shout: rpc({ request: StringValue, response: StringValue }),
  repeat: rpc({ request: StringValue, response: stream(StringValue) }),
});

let registry: Registry;
let service: Service;
const clients: MicroClient[] = [];
beforeEach(async () => {
  registry = memoryRegistry({ network: randomUUID() });
  const around = { registry, transport: 'grpc', argv: [], env: {}, leaveMs: 0 } as const;
  service = createService({ ...around, name: 'words', address: '127.0.0.1:0', codec: 'json' });
  service.handle(Words, {
    shout: ({ value }) => ({ value: value.toUpperCase() }),
    async *repeat({ value }) {
      yield { value };
      yield { value };
    },
  });
  await service.start();
});
afterEach(async () => {
  for (const client of clients.splice(0)) await client.close();
  await service.stop();
  await registry.close();
});
function clientWith(codec: 'json' | Codec): MicroClient {
  const client = createClient({ registry, transport: 'grpc', codec, argv: [], env: {} });
  clients.push(client);
  return client;
}

test('clients in JSON and in protobuf call the same service', async () => {
  for (const codec of ['json', protobufCodec()] as const) {
    const api = clientWith(codec).of(Words);
    expect(await api.shout({ value: 'größe' })).toEqual({ value: 'GRÖSSE' });
    const words: string[] = [];
    for await (const { value } of api.repeat({ value: 'x' })) words.push(value);
    expect(words).toEqual(['x', 'x']);
  }
});

test('a node is registered as go-micro registers its gRPC servers', async () => {
  const [record] = await registry.getService('words');
  const wanted = { server: 'grpc', protocol: 'grpc', transport: 'grpc' };
  expect(record?.nodes.map(({ metadata }) => metadata)).toMatchObject([wanted]);
});

test('each call on one connection has the codec of its own content type, and its answer the same', async () => {
  const session = connect(`http://${service.address}`);
  const frame = (body: Buffer): Buffer => {
    const head = Buffer.alloc(5);
    head.writeUInt32BE(body.length, 1);
    return Buffer.concat([head, body]);
  };
  const call = async (
    type: string,
    body: Buffer,
  ): Promise<{ readonly type: unknown; readonly body: Buffer }> => {
    const request = session.request({
      ':method': 'POST',
      ':path': '/words.Words/Shout',
      'content-type': type,
    });
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.end(frame(body));
    const [headers] = await once(request, 'response');
    await once(request, 'close');
    return { type: headers['content-type'], body: Buffer.concat(chunks).subarray(5) };
  };
  const proto = Buffer.from('0a0178', 'hex'); // field 1: "x"
  const shouted = Buffer.from('0a0158', 'hex');
  const json = Buffer.from('"x"');
  const answers = await Promise.all([
    call('application/grpc', proto),
    call('application/grpc+json', json),
    call('application/grpc+proto', proto),
  ]);
  expect(answers).toEqual([
    { type: 'application/grpc', body: shouted },
    { type: 'application/grpc+json', body: Buffer.from('"X"') },
    { type: 'application/grpc+proto', body: shouted },
  ]);
  session.destroy();
});
