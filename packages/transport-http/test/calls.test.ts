import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { eventually } from '@micro/conformance';
import {
  type Connection,
  isMicroError,
  type Listener,
  MicroError,
  noMetadata,
  type Transport,
} from '@micro/core';
import { httpTransport } from '../src/index.ts';
import { dialable, failureOf, send, TestAcceptor, target } from './world.ts';

let transport: Transport;
let acceptor: TestAcceptor;
let listener: Listener;
let connection: Connection;
beforeEach(async () => {
  transport = httpTransport({ frames: false, maxBodyBytes: 1_000_000 });
  acceptor = new TestAcceptor();
  listener = await transport.listen(acceptor, { address: '127.0.0.1:0' });
  connection = transport.dial(dialable(listener), { metadata: noMetadata, from: 'caller' });
});
afterEach(() => transport.close());

describe('a unary call', () => {
  test('carries text there and back', async () => {
    for (const text of [
      '',
      '{}',
      '"ß"',
      '"日本語😀"',
      `"${'x'.repeat(300_000)}"`,
      `"${'ü'.repeat(100_000)}"`,
    ]) {
      expect(await send(connection, target('Test.echo'), text).result).toBe(text);
    }
  });

  test('carries text beyond ASCII in body and metadata at once', async () => {
    expect(await send(connection, target('Test.echo'), '"日本語"', { note: 'größe' }).result).toBe(
      '"日本語"',
    );
    expect(acceptor.taken[0]?.call.metadata).toMatchObject({ note: 'größe' });
  });

  test('carries bytes there and back', async () => {
    const binary = target('Test.echo', 'application/protobuf');
    for (const size of [0, 1, 1000, 500_000]) {
      const body = new Uint8Array(size).map((_, index) => index);
      const reply = await send(connection, binary, body).result;
      expect(reply).toBeInstanceOf(Uint8Array);
      expect(Buffer.from(body).equals(reply as Uint8Array)).toBe(true);
    }
  });

  test('tells the server who calls, what, with which deadline and metadata', async () => {
    const metadata = { traceparent: '00-ab-cd-01', 'x-note': 'señor 日本 à', empty: '' };
    const call = send(connection, target('Test.hold'), '1', metadata, performance.now() + 5000);
    const { route, call: taken } = await eventually(() => acceptor.taken[0] ?? false);
    expect(route).toMatchObject({
      service: 'greeter',
      endpoint: 'Test.hold',
      contentType: 'application/json',
    });
    expect(taken.remainingMs).toBeGreaterThan(4000);
    expect(taken.remainingMs).toBeLessThan(5100);
    expect({ ...taken.metadata }).toEqual({ ...metadata, 'micro-from-service': 'caller' });
    expect(Object.getPrototypeOf(taken.metadata)).toBeNull();
    expect(taken.metadata).toBe(taken.metadata);
    expect(taken.peer).toMatchObject({
      service: 'caller',
      address: expect.stringMatching(/^127\.0\.0\.1:\d+$/),
    });
    taken.reply('2');
    expect(await call.result).toBe('2');
  });

  test('without a deadline has none on the other side', async () => {
    await send(connection, target('Test.echo'), '1').result;
    expect(acceptor.taken[0]?.call.remainingMs).toBe(0);
  });

  test('fails with the error of its handler', async () => {
    const { error, delivered } = await failureOf(send(connection, target('Test.fail'), '{}'));
    expect(error).toMatchObject({
      code: 'not_found',
      id: 'greeter',
      status: 404,
      message: 'user <42> not found: ñ',
    });
    expect(delivered).toBe('yes');
    expect(await send(connection, target('Test.echo'), '1').result).toBe('1');
  });

  test('that was refused before the handler says so', async () => {
    const { error, delivered } = await failureOf(send(connection, target('Test.refuse'), '{}'));
    expect(isMicroError(error, 'unavailable')).toBe(true);
    expect(delivered).toBe('no');
  });

  test('survives an error of any length', async () => {
    acceptor.error = new MicroError('internal', '€'.repeat(100_000), { id: 'i'.repeat(100_000) });
    const { error } = await failureOf(send(connection, target('Test.fail'), '{}'));
    expect(error.message).toMatch(/^€{1000}/);
  });

  test.each([
    ['is no token', { 'a b': 'x' }, 'a b'],
    ['is empty', { '': 'x' }, ''],
    ['belongs to HTTP', { 'Content-Length': '0' }, 'Content-Length'],
    ['belongs to go-micro', { 'micro-error': 'x' }, 'micro-error'],
    ['has a value with a line break', { note: 'a\r\nMicro-Error: x' }, 'note'],
    ['has a value that begins with a blank', { note: ' é' }, 'note'],
    ['has half a character', { note: 'a\ud800' }, 'note'],
    ['has a value that ends with a tab', { note: 'a\t' }, 'note'],
    ['has a value with NUL', { note: 'a\0' }, 'note'],
  ])('with a metadata key that %s is refused, and the next one is not', async (_name, metadata, key) => {
    const { error, delivered } = await failureOf(send(connection, target('Test.echo'), '1', metadata));
    expect(isMicroError(error, 'bad_request')).toBe(true);
    expect(error.message).toContain(`"${key}"`);
    expect(delivered).toBe('no');
    expect(await send(connection, target('Test.echo'), '1').result).toBe('1');
    const again = await failureOf(send(connection, target('Test.echo'), '1', metadata));
    expect(again.delivered).toBe('no');
    expect(acceptor.taken).toHaveLength(1);
  });

  test('cannot smuggle headers in the name of its endpoint', async () => {
    const { error, delivered } = await failureOf(
      send(connection, target('Test.echo\r\nMicro-Error: x'), '1'),
    );
    expect(isMicroError(error, 'bad_request')).toBe(true);
    expect(delivered).toBe('no');
  });

  test('with too much is refused before it is sent', async () => {
    const long = await failureOf(send(connection, target('Test.echo'), 'x'.repeat(1_000_001)));
    expect(long.error.code).toBe('too_large');
    expect(long.delivered).toBe('no');
    const wide = await failureOf(send(connection, target('Test.echo'), '1', { note: 'x'.repeat(40_000) }));
    expect(wide.error.code).toBe('too_large');
    expect(wide.delivered).toBe('no');
  });

  test('of more bytes than characters is refused by the server', async () => {
    const { error, delivered } = await failureOf(send(connection, target('Test.echo'), '€'.repeat(400_000)));
    expect(error.code).toBe('too_large');
    expect(delivered).toBe('maybe');
  });

  test('with too large a reply fails, and says so', async () => {
    const call = send(connection, target('Test.hold'), '1');
    const taken = await eventually(() => acceptor.taken[0] ?? false);
    taken.call.reply('x'.repeat(1_000_001));
    expect((await failureOf(call)).error.code).toBe('too_large');
  });

  test('is one of a hundred at once, and each gets its own reply', async () => {
    const calls = Array.from({ length: 100 }, (_, index) =>
      send(connection, target('Test.echo'), String(index)),
    );
    expect(await Promise.all(calls.map(({ result }) => result))).toEqual(calls.map(({ body }) => body));
    expect(calls.every(({ outcomes }) => outcomes === 1)).toBe(true);
  });

  test('that is cancelled cancels its handler, and tells nobody else', async () => {
    const call = send(connection, target('Test.hold'), '1');
    const taken = await eventually(() => acceptor.taken[0] ?? false);
    connection.cancel(call);
    await eventually(() => taken.cancelled);
    taken.call.reply('2'); // too late: it must not become the reply of another
    expect(await send(connection, target('Test.echo'), '3').result).toBe('3');
    expect(call.outcomes).toBe(0);
  });

  test('asks the acceptor for a route once, and for an unknown one each time', async () => {
    for (let i = 0; i < 3; i++) await send(connection, target('Test.echo'), '1').result;
    expect(acceptor.routed).toBe(1);
    for (let i = 0; i < 3; i++) await failureOf(send(connection, target('Nope.nope'), '1'));
    expect(acceptor.routed).toBe(4);
  });
});

test('a closed transport takes nothing more', async () => {
  await transport.close();
  await transport.close();
  expect((await failureOf(send(connection, target('Test.echo'), '1'))).delivered).toBe('no');
  const later = transport.dial('127.0.0.1:9', { metadata: noMetadata });
  expect(later.state).toBe('closed');
  expect((await failureOf(send(later, target('Test.echo'), '1'))).error.code).toBe('unavailable');
  await expect(transport.listen(acceptor, {})).rejects.toMatchObject({ code: 'unavailable' });
});

test('options that make no sense are refused', () => {
  expect(() => httpTransport({ maxBodyBytes: 0 })).toThrow(
    'maxBodyBytes must be a positive whole number, not 0',
  );
  expect(() => httpTransport({ idleTimeoutMs: Number.NaN })).toThrow('idleTimeoutMs');
});

test.each([
  'localhost',
  '127.0.0.1:',
  '127.0.0.1:99999',
  '::1:80',
  'a b:80',
  'a\r\n:80',
  'unix:',
  '127.0.0.1:0',
  '',
])('the address "%s" cannot be dialled', (address) => {
  expect(() => transport.dial(address, { metadata: noMetadata })).toThrow(MicroError);
});
