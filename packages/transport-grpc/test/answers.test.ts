import { once } from 'node:events';
import { constants, createServer, type IncomingHttpHeaders, type ServerHttp2Stream } from 'node:http2';
import { createServer as createTcpServer } from 'node:net';
import { afterEach, expect, test } from '@jest/globals';
import type { Client } from '@micro/core';
import { callEcho, Echo } from './interop/echo.ts';

type Answer = (stream: ServerHttp2Stream, headers: IncomingHttpHeaders) => void;
const ending: (() => unknown)[] = [];
afterEach(async () => {
  for (const end of ending.splice(0).reverse()) await end();
});

/** A client of a server that answers by hand. */
async function clientOf(answer: Answer): Promise<Client<(typeof Echo)['endpoints']>> {
  const server = createServer();
  server.on('stream', (stream, headers) => {
    stream.on('error', () => undefined); // what a client does to such a server is its business
    answer(stream, headers);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const at = server.address();
  if (at === null || typeof at === 'string') throw new Error('no port');
  ending.push(() => server.close());
  const { client, close } = await callEcho(`127.0.0.1:${at.port}`, { maxMessageBytes: 1000 });
  ending.push(close);
  return client.of(Echo);
}

const grpc = { ':status': 200, 'content-type': 'application/grpc+json' };
const hello = Buffer.concat([Buffer.from('0000000010', 'hex'), Buffer.from('{"text":"hello"}')]);

/** Answers with these bytes and trailers. */
function answering(body: Uint8Array, trailers: Record<string, string>): Answer {
  return (stream) => {
    stream.respond(grpc, { waitForTrailers: true });
    stream.on('wantTrailers', () => stream.sendTrailers(trailers));
    stream.end(body);
  };
}

test("asks as go-micro's servers expect: path, content type, deadline, caller", async () => {
  let asked: IncomingHttpHeaders = {};
  const api = await clientOf((stream, headers) => {
    asked = headers;
    answering(hello, { 'grpc-status': '0' })(stream, headers);
  });
  expect(await api.say({ text: 'x' }, { metadata: { tenant: 'größe' } })).toEqual({ text: 'hello' });
  expect(asked).toMatchObject({
    ':method': 'POST',
    ':path': '/python.Echo/Say',
    'content-type': 'application/grpc+json',
    'grpc-timeout': expect.stringMatching(/^[0-9]+u$/),
    'micro-from-service': 'tests',
    te: 'trailers',
    tenant: Buffer.from('größe').toString('latin1'),
  });
});

test('a stream that the peer refuses unread was not delivered; one that it resets may have been', async () => {
  const codes = [
    constants.NGHTTP2_REFUSED_STREAM,
    constants.NGHTTP2_CANCEL,
    constants.NGHTTP2_INTERNAL_ERROR,
  ];
  const delivered = ['no', 'maybe', 'maybe'];
  for (const [index, code] of codes.entries()) {
    const api = await clientOf((stream) => stream.close(code));
    const wanted = { code: 'unavailable', delivered: delivered[index] };
    await expect(api.say({ text: 'x' })).rejects.toMatchObject(wanted);
  }
});

test('what GOAWAY says that the peer has not seen was not delivered', async () => {
  // Node's own server counts every stream as seen; frames by hand (RFC 9113 §6.5, §6.8): SETTINGS, GOAWAY after stream 0
  const settings = Buffer.from('000000040000000000', 'hex');
  const goaway = Buffer.from('0000080700000000000000000000000000', 'hex');
  const server = createTcpServer((socket) => {
    socket.on('error', () => undefined); // the client may reset what it has left
    socket.write(settings);
    let size = 0;
    socket.on('data', (chunk) => {
      size += chunk.length;
      if (size > 150) socket.end(goaway); // more than a preface and settings: the request
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  ending.push(() => server.close());
  const at = server.address();
  if (at === null || typeof at === 'string') throw new Error('no port');
  const { client, close } = await callEcho(`127.0.0.1:${at.port}`);
  ending.push(close);
  const failed = client.of(Echo).say({ text: 'x'.repeat(200) });
  await expect(failed).rejects.toMatchObject({ code: 'unavailable', delivered: 'no' });
});

test('an answer of a proxy that speaks no gRPC is no answer of the handler', async () => {
  for (const status of [503, 502, 429, 404, 200]) {
    const api = await clientOf((stream) => {
      stream.respond({ ':status': status, 'content-type': 'text/html' });
      stream.end('<html>busy</html>');
    });
    const failed = api.say({ text: 'x' });
    await expect(failed).rejects.toMatchObject({ name: 'MicroError', delivered: 'maybe' });
  }
});

test('a status without details keeps its code and text, and was delivered', async () => {
  const api = await clientOf((stream) =>
    stream.respond({ ...grpc, 'grpc-status': '9', 'grpc-message': 'not %C3%B1ow' }, { endStream: true }),
  );
  const wanted = { code: 'precondition_failed', message: 'not ñow', delivered: 'yes', id: 'go.micro.client' };
  await expect(api.say({ text: 'x' })).rejects.toMatchObject(wanted);
});

test('an error of a go-micro server is read from its details, whatever its text', async () => {
  const details =
    'CAUSSnsiaWQiOiJncmVldGVyIiwiY29kZSI6NDA0LCJkZXRhaWwiOiJ1c2VyIG5vdCBmb3VuZCIsInN0YXR1cyI6Ik5vdCBGb3VuZCJ9GksKIHR5cGUuZ29vZ2xlYXBpcy5jb20vZXJyb3JzLkVycm9yEicKB2dyZWV0ZXIQlAMaDnVzZXIgbm90IGZvdW5kIglOb3QgRm91bmQ';
  const trailers = { 'grpc-status': '5', 'grpc-message': 'x', 'grpc-status-details-bin': details };
  const wanted = {
    code: 'not_found',
    id: 'greeter',
    status: 404,
    message: 'user not found',
    delivered: 'yes',
  };
  const early = await clientOf((stream) => stream.respond({ ...grpc, ...trailers }, { endStream: true }));
  await expect(early.say({ text: 'x' })).rejects.toMatchObject(wanted);
  const late = await clientOf(answering(Buffer.alloc(0), trailers));
  await expect(late.say({ text: 'x' })).rejects.toMatchObject(wanted);
});

test('an error comes after the messages that a slow reader has not taken yet', async () => {
  const count = 500;
  const item = (n: number): Buffer => {
    const body = Buffer.from(`{"n":${n}}`);
    const head = Buffer.alloc(5);
    head.writeUInt32BE(body.length, 1);
    return Buffer.concat([head, body]);
  };
  const all = Buffer.concat(Array.from({ length: count }, (_, n) => item(n)));
  const api = await clientOf(answering(all, { 'grpc-status': '10', 'grpc-message': 'half way' }));
  const seen: number[] = [];
  const reading = (async () => {
    for await (const { n } of api.count({ to: count })) {
      seen.push(n);
      await new Promise((resolve) => setImmediate(resolve));
    }
  })();
  await expect(reading).rejects.toMatchObject({ code: 'conflict', message: 'half way' });
  expect(seen).toEqual(Array.from({ length: count }, (_, n) => n));
});

test('no message, two messages, a message over the limit and bytes that are none are errors', async () => {
  const wrong: readonly [Uint8Array, object][] = [
    [Buffer.alloc(0), { code: 'internal', delivered: 'yes' }],
    [Buffer.concat([hello, hello]), { code: 'internal', delivered: 'yes' }],
    [Buffer.from('00ffffffff00', 'hex'), { code: 'too_large', delivered: 'maybe' }],
    [Buffer.from('0000000001ff', 'hex'), { code: 'bad_request' }],
    [hello.subarray(0, 8), { name: 'MicroError' }],
  ];
  for (const [body, wanted] of wrong) {
    const api = await clientOf(answering(body, { 'grpc-status': '0' }));
    await expect(api.say({ text: 'x' })).rejects.toMatchObject(wanted);
  }
});

test('a connection that ends in the middle of an answer: unavailable, maybe delivered', async () => {
  const api = await clientOf((stream) => {
    stream.respond(grpc);
    stream.write(hello, () => stream.session?.destroy());
  });
  await expect(api.say({ text: 'x' })).rejects.toMatchObject({ code: 'unavailable', delivered: 'maybe' });
});
