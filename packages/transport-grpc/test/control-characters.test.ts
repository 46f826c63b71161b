import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { serveEcho } from './interop/echo.ts';
import type { Served } from './interop/test-service.ts';

// No HTTP/2 library sends such headers: frames by hand (RFC 9113 section 4.1), names and values as they are (RFC 7541)
const data = 0;
const headers = 1;
const reset = 3;
const settings = 4;
const endStream = 1;
const endHeaders = 4;

let served: Served;
beforeAll(async () => {
  served = await serveEcho();
});
afterAll(() => served.close());

function frame(type: number, flags: number, stream: number, payload: Uint8Array = Buffer.alloc(0)): Buffer {
  const head = Buffer.alloc(9);
  head.writeUIntBE(payload.length, 0, 3);
  head[3] = type;
  head[4] = flags;
  head.writeUInt32BE(stream, 5);
  return Buffer.concat([head, payload]);
}

function call(stream: number, more: Readonly<Record<string, string>>): Buffer {
  const fields = {
    ':method': 'POST',
    ':scheme': 'http',
    ':path': '/python.Echo/Metadata',
    ':authority': 'x',
    te: 'trailers',
    'content-type': 'application/grpc+json',
    ...more,
  };
  const block = Object.entries(fields).map(([name, value]) =>
    Buffer.concat([
      Buffer.of(0, name.length),
      Buffer.from(name, 'latin1'),
      Buffer.of(value.length),
      Buffer.from(value, 'latin1'),
    ]),
  );
  const message = Buffer.concat([Buffer.of(0, 0, 0, 0, 2), Buffer.from('{}')]);
  return Buffer.concat([
    frame(headers, endHeaders, stream, Buffer.concat(block)),
    frame(data, endStream, stream, message),
  ]);
}

/** What comes back on a stream: its messages' bytes, or that it was reset. */
async function answer(socket: Socket, wanted: number): Promise<string> {
  let bytes = Buffer.alloc(0);
  let body = '';
  for (;;) {
    while (bytes.length >= 9 && bytes.length >= 9 + bytes.readUIntBE(0, 3)) {
      const length = bytes.readUIntBE(0, 3);
      const [type, flags, stream] = [bytes[3], bytes[4] ?? 0, bytes.readUInt32BE(5)];
      if (stream === wanted && type === data) body += bytes.toString('utf8', 9, 9 + length);
      bytes = bytes.subarray(9 + length);
      if (stream === wanted && type === reset) return 'reset';
      if (stream === wanted && (flags & endStream) !== 0) return body.slice(body.indexOf('{'));
    }
    const [chunk] = await once(socket, 'data');
    bytes = Buffer.concat([bytes, chunk as Buffer]);
  }
}

/** Without the header, or not at all. */
const allowed = /^(?:\{"text":"\{\}"\}|reset)$/;

test.each([
  ['a line break', 'a\r\nx: y'],
  ['a zero byte', 'a\0b'],
  ['a bell', 'a\x07b'],
])('%s in metadata that come reaches no handler, and the next call is answered', async (_, evil) => {
  const socket = connect(served.port, '127.0.0.1');
  try {
    socket.write('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n');
    socket.write(Buffer.concat([frame(settings, 0, 0), call(1, { evil })]));
    const first = await answer(socket, 1);
    socket.write(call(3, { good: 'yes' }));
    expect([first, await answer(socket, 3)]).toEqual([
      expect.stringMatching(allowed),
      '{"text":"{\\"good\\":\\"yes\\"}"}',
    ]);
  } finally {
    socket.destroy();
  }
});
