import { once } from 'node:events';
import {
  type ClientHttp2Session,
  connect,
  type IncomingHttpHeaders,
  type OutgoingHttpHeaders,
} from 'node:http2';
import { gzipSync } from 'node:zlib';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from '@jest/globals';
import { message, readFields } from '../src/protobuf.ts';
import { serveEcho } from './interop/echo.ts';
import type { Served } from './interop/test-service.ts';

let served: Served;
let session: ClientHttp2Session;
beforeAll(async () => {
  served = await serveEcho();
});
afterAll(() => served.close());
beforeEach(() => {
  session = connect(`http://${served.address}`);
});
afterEach(async () => {
  const closed = once(session, 'close');
  session.destroy();
  await closed;
});

interface Answer {
  readonly headers: IncomingHttpHeaders;
  readonly trailers: IncomingHttpHeaders;
  readonly body: Buffer;
}

function frame(body: string | Uint8Array, compressed = 0): Buffer {
  const bytes = Buffer.from(body);
  const head = Buffer.alloc(5);
  head[0] = compressed;
  head.writeUInt32BE(bytes.length, 1);
  return Buffer.concat([head, bytes]);
}

/** A request as its bytes are; what comes back, whatever it is. */
async function request(path: string, body: Uint8Array, headers: OutgoingHttpHeaders = {}): Promise<Answer> {
  const all = {
    ':method': 'POST',
    ':path': path,
    te: 'trailers',
    'content-type': 'application/grpc+json',
    ...headers,
  };
  const stream = session.request(all);
  let answered: IncomingHttpHeaders = {};
  let trailers: IncomingHttpHeaders = {};
  const chunks: Buffer[] = [];
  stream.on('response', (received) => {
    answered = received;
  });
  stream.on('trailers', (received) => {
    trailers = received;
  });
  stream.on('data', (chunk: Buffer) => chunks.push(chunk));
  stream.on('error', () => undefined); // 'close' follows
  stream.end(body);
  await once(stream, 'close');
  return { headers: answered, trailers, body: Buffer.concat(chunks) };
}

const status = ({ headers, trailers }: Answer): unknown => trailers['grpc-status'] ?? headers['grpc-status'];
const say = '/python.Echo/Say';
const hello = frame('{"text":"hello"}');

test('a call is answered in its own content type, and its status comes in the trailers', async () => {
  for (const type of ['application/grpc', 'application/grpc+proto', 'application/grpc+json']) {
    const answer = await request(say, hello, { 'content-type': type });
    expect(answer.headers[':status']).toBe(200);
    expect(answer.headers['content-type']).toBe(type);
    expect(answer.body).toEqual(hello);
    expect(answer.trailers['grpc-status']).toBe('0');
  }
});

test("a content type that is not gRPC's is a 415", async () => {
  for (const type of ['application/json', 'text/html', undefined])
    expect((await request(say, hello, { 'content-type': type })).headers[':status']).toBe(415);
});

test('a codec that is not spoken here is INVALID_ARGUMENT', async () => {
  for (const type of ['application/grpc+cbor', 'application/grpc+\u00ff', 'application/grpc+constructor'])
    expect(status(await request(say, hello, { 'content-type': type }))).toBe('3');
});

test('an unknown method, handler or path is UNIMPLEMENTED, at once', async () => {
  for (const path of [
    '/python.Echo/Nothing',
    '/python.Nobody/Say',
    '/nope',
    '/',
    '/a/b/c',
    '/python.Echo/__proto__',
  ])
    expect(status(await request(path, hello))).toBe('12');
  const answer = await request('/nope', hello);
  expect(decodeURI(String(answer.headers['grpc-message']))).toBe('malformed method name: "/nope"');
});

test('wrong bytes for a message are INVALID_ARGUMENT', async () => {
  expect(status(await request(say, frame('not JSON')))).toBe('3');
  expect(status(await request(say, frame(Buffer.alloc(64, 0xff))))).toBe('3');
});

test('a message over the limit is RESOURCE_EXHAUSTED, by what it says of itself', async () => {
  const head = Buffer.from('00ffffffff', 'hex');
  expect(status(await request(say, Buffer.concat([head, Buffer.alloc(100)])))).toBe('8');
  expect(status(await request(say, frame(Buffer.alloc(4 * 2 ** 20 + 1, 0x20))))).toBe('8');
});

test('a small message that unpacks to one over the limit is RESOURCE_EXHAUSTED', async () => {
  const bomb = frame(gzipSync(Buffer.alloc(64 * 2 ** 20)), 1);
  expect(status(await request(say, bomb, { 'grpc-encoding': 'gzip' }))).toBe('8');
});

test('compressed messages are read, and an unknown compression is UNIMPLEMENTED', async () => {
  const packed = frame(gzipSync('{"text":"hello"}'), 1);
  expect((await request(say, packed, { 'grpc-encoding': 'gzip' })).body).toEqual(hello);
  expect(status(await request(say, packed, { 'grpc-encoding': 'snappy' }))).toBe('12');
  expect(status(await request(say, packed, { 'grpc-encoding': 'a\u00ff b' }))).toBe('12');
  expect(status(await request(say, frame('{}', 1), { 'grpc-encoding': 'gzip' }))).toBe('13');
});

test('no message, two messages and half a message for a unary call are refused, and harm nobody', async () => {
  expect(status(await request(say, Buffer.alloc(0)))).toBe('12');
  expect(status(await request(say, Buffer.concat([hello, hello])))).toBe('12');
  const half = await request(say, hello.subarray(0, 9));
  expect(status(half)).not.toBe('0');
  expect((await request(say, hello)).body).toEqual(hello);
});

test('a deadline that cannot be read is INVALID_ARGUMENT; one that has passed is DEADLINE_EXCEEDED', async () => {
  expect(status(await request(say, hello, { 'grpc-timeout': 'soon' }))).toBe('3');
  expect(status(await request('/python.Echo/Hang', frame('{}'), { 'grpc-timeout': '1n' }))).toBe('4');
  expect(status(await request('/python.Echo/Hang', frame('{}'), { timeout: '20000000' }))).toBe('4');
});

test('metadata arrive, joined where a key comes twice, and never as prototypes', async () => {
  const headers = {
    tenant: ['a', 'b'],
    __proto__x: 'y',
    constructor: 'z',
    unicode: Buffer.from('ñ').toString('latin1'),
  };
  const answer = await request('/python.Echo/Metadata', frame('{}'), headers);
  const { text } = JSON.parse(answer.body.subarray(5).toString());
  expect(JSON.parse(text)).toEqual({ tenant: 'a, b', __proto__x: 'y', constructor: 'z', unicode: 'ñ' });
});

test('thousands of messages in one write are all read, in order', async () => {
  const count = 5_000;
  const body = Buffer.concat(Array.from({ length: count }, (_, n) => frame(`{"n":${n}}`)));
  const answer = await request('/python.Echo/Sum', body);
  expect(answer.body.subarray(5).toString()).toBe(`{"total":${(count * (count - 1)) / 2}}`);
});

test('a server stream begins with its one request, though the client leaves its side open, as clients of go-micro do', async () => {
  const stream = session.request({
    ':method': 'POST',
    ':path': '/python.Echo/Count',
    te: 'trailers',
    'content-type': 'application/grpc+json',
  });
  const trailers = once(stream, 'trailers');
  const chunks: Buffer[] = [];
  stream.on('data', (chunk: Buffer) => chunks.push(chunk));
  stream.on('error', () => undefined); // it is closed below, in the middle of our side
  stream.write(frame('{"to":2}'));
  const [{ 'grpc-status': ended }] = await trailers;
  expect(ended).toBe('0');
  expect(String(Buffer.concat(chunks)).match(/\{[^}]*\}/g)).toHaveLength(2);
  stream.close();
});

test("an error has gRPC's code, its text, and go-micro's error in the details", async () => {
  const { headers } = await request('/python.Echo/Fail', frame('{"text":"100% größe\\n"}'));
  expect(headers['grpc-status']).toBe('5');
  expect(decodeURI(String(headers['grpc-message']))).toBe('100% größe\n');
  const details = readFields(Buffer.from(String(headers['grpc-status-details-bin']), 'base64'));
  expect(details.map(({ number }) => number)).toEqual([1, 2, 3]);
});

test('an error whose text is endless or broken is cut, and arrives', async () => {
  const { headers } = await request(
    '/python.Echo/Fail',
    frame(JSON.stringify({ text: 'é'.repeat(100_000) })),
  );
  expect(headers['grpc-status']).toBe('5');
  expect(decodeURI(String(headers['grpc-message']))).toHaveLength(2_051);
  const lone = await request('/python.Echo/Fail', frame('{"text":"lone \\ud800 half"}'));
  expect(lone.headers['grpc-status']).toBe('5');
});

test('health and reflection refuse bytes that are no requests, and answer the next one', async () => {
  const garbage = frame(Buffer.of(0x0a, 0x7f));
  expect(status(await request('/grpc.health.v1.Health/Check', garbage))).toBe('3');
  expect(status(await request('/grpc.health.v1.Health/Watch', garbage))).toBe('3');
  expect(status(await request('/grpc.health.v1.Health/Watch', Buffer.alloc(0)))).toBe('3');
  const info = '/grpc.reflection.v1.ServerReflection/ServerReflectionInfo';
  expect(status(await request(info, garbage))).toBe('3');
  const unasked = await request(info, frame(message()));
  expect(readFields(unasked.body.subarray(5)).map(({ number }) => number)).toEqual([2, 7]);
  expect(status(await request('/grpc.health.v1.Health/Check', frame('')))).toBe('0');
});
