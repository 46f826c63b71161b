import { once } from 'node:events';
import { createServer as createHttpServer, request as httpRequest, type Server } from 'node:http';
import { connect, createServer } from 'node:net';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { trimmed } from '../src/head.ts';
import { bytes, limits, read } from './raw.ts';

interface Seen {
  readonly start: string;
  readonly headers: readonly string[];
  readonly body: string;
}

/** How our reader saw a head, in the words of node:http's `rawHeaders`. */
function seen(text: string, body: string): Seen {
  const [start = '', ...lines] = text.split('\r\n');
  const headers = lines.flatMap((line) => {
    const colon = line.indexOf(':');
    return [line.slice(0, colon), trimmed(line, colon + 1, line.length)];
  });
  return { start, headers, body };
}

const pieces = [
  '\r\n',
  '\r',
  '\n',
  ' ',
  '\t',
  '\0',
  ':',
  ',',
  ';',
  '0',
  '1',
  '5',
  'a',
  'f',
  '\x0b',
  '\x7f',
  '\x80',
  '\xff',
  '+',
  '-',
  '_',
  '/',
  '\r\n\r\n',
  '0\r\n\r\n',
  'chunked',
  'Content-Length: 5\r\n',
  'content-length:0\r\n',
  'Transfer-Encoding: chunked\r\n',
  'Transfer-Encoding: gzip\r\n',
  'Host: b\r\n',
  'Connection: close\r\n',
  'Connection: keep-alive, Upgrade\r\n',
  'HTTP/1.0',
  'A: b\r\n',
  ' folded\r\n',
  'Expect: 100-continue\r\n',
  'Upgrade: h2c\r\n',
  'GET / HTTP/1.1\r\nHost: a\r\n\r\n',
  '5\r\nhello\r\n',
  '__proto__: x\r\n',
];

const body = fc.constantFrom('', '{}', 'hello', '"\xc3\xa4"', '0\r\n\r\n', 'POST / HTTP/1.1\r\n');
const extra = fc.constantFrom(
  '',
  'A:b\r\n',
  'A:  b\t\r\n',
  'A:\r\n',
  'X-y_z: \xe4\r\n',
  'Connection: close\r\n',
  'Accept: */*\r\n',
);
const framed = fc
  .tuple(body, extra, fc.constantFrom('length', 'chunked', 'chunks'))
  .map(([text, lines, how]) => {
    if (how === 'length') return `${lines}Content-Length: ${text.length}\r\n\r\n${text}`;
    const parts = how === 'chunks' ? [...text] : text === '' ? [] : [text];
    const chunks = parts.map((part) => `${part.length.toString(16)}\r\n${part}\r\n`).join('');
    return `${lines}Transfer-Encoding: chunked\r\n\r\n${chunks}0\r\n\r\n`;
  });
const requests = fc
  .array(
    fc.tuple(
      fc.constantFrom(
        'POST / HTTP/1.1\r\nHost: a\r\n',
        'GET /x?y#z HTTP/1.1\r\nhost:a\r\n',
        'PUT /%00 HTTP/1.0\r\n',
      ),
      framed,
    ),
    { minLength: 1, maxLength: 3 },
  )
  .map((messages) => messages.map((message) => message.join('')).join(''));
const responses = fc
  .tuple(
    fc.constantFrom(
      'HTTP/1.1 200 OK\r\n',
      'HTTP/1.1 200 \r\n',
      'HTTP/1.0 200 OK\r\n',
      'HTTP/1.1 503 No\r\n',
      'HTTP/1.1 204 No\r\n',
    ),
    framed,
  )
  .map((message) => message.join(''));

const edits = fc.array(
  fc.record({
    at: fc.double({ min: 0, max: 1, noNaN: true }),
    remove: fc.nat({ max: 3 }),
    insert: fc.oneof(fc.constant(''), fc.constantFrom(...pieces)),
  }),
  { maxLength: 2 },
);
type Edit = typeof edits extends fc.Arbitrary<readonly (infer E)[]> ? E : never;
function edited(text: string, changes: readonly Edit[]): string {
  let result = text;
  for (const { at, remove, insert } of changes) {
    const place = Math.floor(at * result.length);
    result = result.slice(0, place) + insert + result.slice(place + remove);
  }
  return result;
}
const cuts = fc.array(fc.nat({ max: 40 }), { maxLength: 10 });
function* cutAt(buffer: Buffer, lengths: readonly number[]): Generator<Buffer> {
  let at = 0;
  for (const length of lengths) {
    yield buffer.subarray(at, at + length);
    at += length;
  }
  yield buffer.subarray(at);
}

describe('next to node:http', () => {
  let server: Server;
  let taken: Seen[] = [];
  beforeAll(async () => {
    server = createHttpServer({ maxHeaderSize: limits.maxHeaderBytes }, (request, response) => {
      const parts: Buffer[] = [];
      request.on('data', (part: Buffer) => parts.push(part));
      request.on('error', () => undefined); // cut off in the middle: not taken
      request.on('end', () => {
        const start = `${request.method} ${request.url} HTTP/${request.httpVersion}`;
        taken.push({ start, headers: request.rawHeaders, body: Buffer.concat(parts).toString('latin1') });
        response.end();
      });
    });
    server.on('clientError', (_error, socket) => socket.destroy());
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
  });
  afterAll(() => new Promise((resolve) => server.close(resolve)));

  async function nodeReads(text: Buffer): Promise<readonly Seen[]> {
    taken = [];
    const address = server.address();
    if (address === null || typeof address === 'string') throw new Error('not listening');
    const socket = connect(address.port, '127.0.0.1');
    socket.on('error', () => undefined); // refused
    socket.resume();
    socket.end(text);
    await once(socket, 'close');
    return taken;
  }

  test('every request that we take, it takes, and reads as we do, however the bytes are cut', async () => {
    let ours = 0;
    let refused = 0;
    await fc.assert(
      fc.asyncProperty(requests, edits, cuts, async (text, changes, lengths) => {
        const buffer = bytes(edited(text, changes));
        const { messages, refusal } = read('request', cutAt(buffer, lengths));
        const whole = read('request', [buffer]);
        expect(whole.messages.map(({ head, body }) => [head, body])).toEqual(
          messages.map(({ head, body }) => [head, body]),
        );
        expect(whole.refusal).toEqual(refusal);
        const theirs = await nodeReads(buffer);
        expect(messages.map(({ head, body }) => seen(head.text, body))).toEqual(
          theirs.slice(0, messages.length),
        );
        ours += messages.length;
        refused += refusal === undefined ? 0 : 1;
      }),
      { numRuns: 1500 },
    );
    // that the messages were neither all good nor all bad
    expect(ours).toBeGreaterThan(500);
    expect(refused).toBeGreaterThan(200);
  }, 60_000);

  test('every answer that we take, it takes, and reads as we do', async () => {
    let bytesToSend: Buffer = Buffer.alloc(0);
    const raw = createServer((socket) => {
      socket.on('error', () => undefined); // the client refused
      socket.once('data', () => socket.end(bytesToSend));
    });
    raw.listen(0, '127.0.0.1');
    await once(raw, 'listening');
    const address = raw.address();
    if (address === null || typeof address === 'string') throw new Error('not listening');
    const nodeGets = (): Promise<Seen | undefined> =>
      new Promise((resolve) => {
        const request = httpRequest({ port: address.port, host: '127.0.0.1', method: 'POST', agent: false });
        request.on('error', () => resolve(undefined));
        request.on('close', () => resolve(undefined));
        request.on('upgrade', (_response, socket) => socket.destroy());
        request.on('response', (response) => {
          const parts: Buffer[] = [];
          response.on('data', (part: Buffer) => parts.push(part));
          response.on('error', () => resolve(undefined));
          response.on('end', () => {
            const start = `HTTP/${response.httpVersion} ${response.statusCode}`;
            resolve({ start, headers: response.rawHeaders, body: Buffer.concat(parts).toString('latin1') });
          });
        });
        request.end();
      });
    let ours = 0;
    await fc.assert(
      fc.asyncProperty(responses, edits, cuts, async (text, changes, lengths) => {
        bytesToSend = bytes(edited(text, changes));
        const { messages } = read('response', cutAt(bytesToSend, lengths));
        const answer = messages.find(({ head }) => head.status >= 200);
        // bytes behind the answer: our client refuses it (pool.test.ts), and so does node:http
        const behind = read('response', [bytesToSend]).messages.some(({ more }) => more);
        if (answer === undefined || behind) return;
        ours++;
        const mine = seen(answer.head.text, answer.body);
        expect({ ...mine, start: mine.start.slice(0, 12) }).toEqual(await nodeGets());
      }),
      { numRuns: 1500 },
    );
    expect(ours).toBeGreaterThan(300);
    await new Promise((resolve) => raw.close(resolve));
  }, 60_000);
});
