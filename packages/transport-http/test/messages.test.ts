import { describe, expect, test } from '@jest/globals';
import { Head, HeadParser } from '../src/head.ts';
import { readMetadata } from '../src/metadata.ts';
import { hostile } from './hostile.ts';
import { bytes, cut, limits, post, read } from './raw.ts';

const crlf = (text: string): string => text.replaceAll('\n', '\r\n');
/** Captured from go-micro v4.9, v4.11 and v5.30 services on loopback. */
const unary = `${crlf(`POST / HTTP/1.1
Host: 10.0.0.5:38291
User-Agent: Go-http-client/1.1
Content-Length: 16
Accept: application/json
Content-Type: application/json
Micro-Endpoint: Greeter.Hello
Micro-Id: 0
Micro-Method: Greeter.Hello
Micro-Service: greeter
Timeout: 5000000000

`)}{"name":"John"}\n`;
const reply = `${crlf(`HTTP/1.1 200 OK
Content-Length: 21
Accept: application/json
Content-Type: application/json
Micro-Endpoint: Greeter.Hello
Micro-Id: 0
Micro-Method: Greeter.Hello
Micro-Service: greeter
Timeout: 5000000000
User-Agent: Go-http-client/1.1

`)}{"msg":"Hello John"}\n`;
const failure = crlf(`HTTP/1.1 200 OK
Accept: application/json
Content-Type: application/json
Micro-Endpoint: Echo.Fail
Micro-Error: {"id":"greeter","code":404,"detail":"user not found","status":"Not Found"}
Micro-Id: 1
Micro-Method: Echo.Fail
Micro-Service: greeter
Timeout: 5000000000
User-Agent: Go-http-client/1.1
X-Micro-Error: {"id":"greeter","code":404,"detail":"user not found","status":"Not Found"}
Content-Length: 0

`);
const streamClose = crlf(`POST / HTTP/1.1
Host: 10.0.0.5:38291
User-Agent: Go-http-client/1.1
Transfer-Encoding: chunked
Accept: application/json
Content-Type: application/json
Micro-Endpoint: Echo.Bidi
Micro-Error: EOS
Micro-Id: 0
Micro-Method: Echo.Bidi
Micro-Service: greeter
Micro-Stream: 0

0

`);

describe('messages of real Go peers', () => {
  test.each([1, 2, 3, 7, 64, 100_000])('are read the same in pieces of %i bytes', (size) => {
    const requests = read('request', cut(bytes(unary + streamClose + unary), size));
    expect(requests.refusal).toBeUndefined();
    expect(requests.messages).toHaveLength(3);
    const [first, close] = requests.messages;
    expect(first?.head).toMatchObject({
      endpoint: 'Greeter.Hello',
      service: 'greeter',
      id: '0',
      timeout: '5000000000',
    });
    expect(first?.body).toBe('{"name":"John"}\n');
    expect(close?.head).toMatchObject({ error: 'EOS', stream: '0', chunked: true });
    expect(close?.body).toBe('');

    const replies = read('response', cut(bytes(reply + failure), size));
    expect(replies.refusal).toBeUndefined();
    expect(replies.messages.map(({ body }) => body)).toEqual(['{"msg":"Hello John"}\n', '']);
    expect(JSON.parse(replies.messages[1]?.head.error ?? '')).toMatchObject({
      code: 404,
      detail: 'user not found',
    });
  });

  test('are 285 bytes for a unary call, as the page says', () => {
    expect(unary).toHaveLength(285);
  });
});

describe('hostile messages', () => {
  test.each(hostile)('are refused: $name', ({ text, status = 400 }) => {
    const whole = read('request', [bytes(text)]);
    expect(whole.messages).toEqual([]);
    expect(whole.refusal?.status).toBe(status);
    // and just so in pieces, where another branch reads
    const pieces = read('request', cut(bytes(text), 11));
    expect(pieces.messages).toEqual([]);
    expect(pieces.refusal?.status).toBe(status);
  });

  test.each(hostile)('are refused behind a message whose beginning is known: $name', ({ text }) => {
    const parser = new HeadParser('request', limits);
    read('request', [bytes('POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n')], parser);
    expect(read('request', [bytes(text)], parser).messages).toEqual([]);
  });

  test.each([
    ['a status of four digits', 'HTTP/1.1 2000 OK\r\nContent-Length: 0\r\n\r\n'],
    ['no length', 'HTTP/1.1 200 OK\r\n\r\n'],
    ['chunks where no body can be', 'HTTP/1.1 204 No Content\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n'],
    ['a bare LF', 'HTTP/1.1 200 OK\nContent-Length: 0\r\n\r\n'],
    ['a request', unary],
  ])('are refused as answers: %s', (_name, text) => {
    const { messages, refusal } = read('response', [bytes(text)]);
    expect(messages).toEqual([]);
    expect(refusal?.status).toBe(400);
  });

  test('cannot make a prototype of a header', () => {
    const { messages } = read('request', [
      bytes(post('', '__proto__: x\r\nconstructor: y\r\nhasOwnProperty: z\r\n')),
    ]);
    const metadata = readMetadata(messages[0]?.head.text ?? '');
    expect(Object.getPrototypeOf(metadata)).toBeNull();
    expect(Object.entries(metadata).sort()).toEqual([
      ['__proto__', 'x'],
      ['constructor', 'y'],
      ['hasownproperty', 'z'],
    ]);
    expect({}).not.toHaveProperty('x');
  });
});

test('the copy of a head has all that it has', () => {
  const head = new Head();
  const values = { string: 'text', number: 7, boolean: true };
  for (const [name, value] of Object.entries(head))
    Object.assign(head, { [name]: values[typeof value as keyof typeof values] });
  expect(head.copy()).toEqual(head);
});

describe('the reader', () => {
  test('remembers how messages begin, and reads what differs', () => {
    const parser = new HeadParser('request', limits);
    const texts = [
      post('"a"'),
      post('"bb"'),
      post('"c"', 'Traceparent: 1\r\n'),
      post('"d"', '', 'Test.fail'),
      post('"e"'),
    ];
    const got = texts.map((text) => read('request', [bytes(text)], parser).messages[0]);
    const alone = texts.map((text) => read('request', [bytes(text)]).messages[0]);
    expect(got).toEqual(alone);
    expect(got.map((message) => message?.head.endpoint)).toEqual([
      'Test.echo',
      'Test.echo',
      'Test.echo',
      'Test.fail',
      'Test.echo',
    ]);
  });

  test('is refused nothing by the count of headers that were read before', () => {
    const parser = new HeadParser('request', limits);
    for (let i = 0; i < 300; i++) expect(read('request', [bytes(post('1'))], parser).refusal).toBeUndefined();
    const many = 'a: b\r\n'.repeat(126);
    expect(read('request', [bytes(post('1', many))], parser).refusal?.status).toBe(431);
  });

  test('says when the sender waits to send the body', () => {
    const [head = '', body = ''] = post('{}', 'Expect: 100-continue\r\n').split('{}');
    expect(read('request', [bytes(head)]).expected).toBe(1);
    expect(read('request', [bytes(`${head}{}${body}`)]).expected).toBe(0);
  });

  test('says whether bytes follow, so that nobody takes them for the next answer', () => {
    expect(read('response', [bytes(reply)]).messages[0]?.more).toBe(false);
    expect(read('response', [bytes(`${reply}x`)]).messages[0]?.more).toBe(true);
  });

  test.each([
    ['head', (size: number) => `POST / HTTP/1.1\r\nHost: a\r\nA: ${'b'.repeat(size)}`],
    ['lengthy body', (size: number) => post('x'.repeat(size))],
    ['body of one chunk', (size: number) => chunks('x'.repeat(size), size)],
    ['body of small chunks', (size: number) => chunks('x'.repeat(size), 3)],
  ])('does work in proportion to the bytes when they come one by one: %s', (_name, text) => {
    const small = workOn(text(10_000));
    const large = workOn(text(40_000));
    expect(large / small).toBeLessThan(5);
  });
});

function chunks(body: string, size: number): string {
  const parts = [...cut(bytes(body), size)].map((part) => `${part.length.toString(16)}\r\n${part}\r\n`);
  return `POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n${parts.join('')}0\r\n\r\n`;
}

/** How many bytes are searched, moved or decoded while the text comes byte by byte. */
function workOn(text: string): number {
  const { indexOf, copy, toString: decode } = Buffer.prototype;
  let work = 0;
  const counted = (
    name: 'indexOf' | 'copy' | 'toString',
    cost: (self: Buffer, args: readonly unknown[]) => number,
  ): void => {
    const original = Buffer.prototype[name] as (...args: unknown[]) => unknown;
    Object.assign(Buffer.prototype, {
      [name](this: Buffer, ...args: unknown[]): unknown {
        work += cost(this, args);
        return original.apply(this, args);
      },
    });
  };
  counted('indexOf', (self, [, from]) => self.length - Number(from ?? 0));
  counted('copy', (_self, [, , from, to]) => Number(to) - Number(from));
  counted('toString', (_self, [, from, to]) => Number(to ?? 0) - Number(from ?? 0));
  try {
    const { refusal } = read('request', cut(bytes(text), 1));
    if (refusal !== undefined) throw new Error(refusal.reason);
    return work;
  } finally {
    Object.assign(Buffer.prototype, { indexOf, copy, toString: decode });
  }
}
