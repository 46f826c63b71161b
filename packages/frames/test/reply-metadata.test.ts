import { afterEach, describe, expect, test } from '@jest/globals';
import { eventually } from '@micro/conformance';
import { type BackgroundMessage, MicroError, onBackground } from '@micro/core';
import { call, callHead, flag, frame, greeting, hello, Raw, rawServer, target, type } from './raw.ts';
import { type Failure, send, TestStream, target as targetOf, world } from './world.ts';

const knowing = [1 << 20, 64, 16, 8, 65_536, 1];
const stream = 0x80000000;
const block = (text: string): Buffer => Buffer.concat([Buffer.of(0, text.length), Buffer.from(text)]);

const closing: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

/** A raw client, greeted, whose call and stream are answered with metadata. */
async function answered(settings: readonly number[]) {
  const it = await world();
  const raw = await Raw.to(it.port);
  closing.push(
    () => it.close(),
    () => raw.socket.destroy(),
  );
  it.acceptor.echoes = false;
  raw.send(greeting, hello(settings), target(1), target(2, 'Test.bidi'));
  raw.send(call(0, '"a"'), call(1, '"b"'), frame(type.open, stream, callHead(2)));
  await eventually(() => it.acceptor.calls.length === 2 && it.acceptor.streams.length === 1);
  const metadata = { header: { h: '1' }, trailer: { t: '2' } };
  const [first, second] = it.acceptor.calls;
  first?.call.reply('"ok"', metadata);
  second?.call.fail(new MicroError('conflict', 'no'), 'yes', metadata);
  const sink = it.acceptor.streams[0]?.stream.sink;
  sink?.header?.(metadata.header);
  sink?.write('m');
  sink?.end(metadata);
  await eventually(() => raw.frames.some((one) => one.type === type.end));
  return (wanted: number) => raw.frames.filter((one) => one.type === wanted);
}

describe('metadata of answers', () => {
  test('stands in blocks before the body, and of a stream in a frame before its messages', async () => {
    const of = await answered(knowing);
    const both = Buffer.concat([block('h\x001\0'), block('t\x002\0')]);
    expect(of(type.reply)).toMatchObject([
      { flags: flag.metadata, body: Buffer.concat([both, Buffer.from('"ok"')]) },
    ]);
    expect(of(type.error)[0]?.flags).toBe(flag.metadata);
    expect(of(type.error)[0]?.body.subarray(0, both.length)).toEqual(both);
    expect(of(type.header)).toMatchObject([{ body: Buffer.from('h\x001\0') }]);
    expect(of(type.end)).toMatchObject([{ flags: flag.metadata, body: block('t\x002\0') }]);
  });

  test('is kept from a client that has not said that it reads it, and reported once', async () => {
    const warnings: BackgroundMessage[] = [];
    closing.push(onBackground((message) => message.event === 'plugin.warning' && warnings.push(message)));
    const of = await answered(knowing.slice(0, 5));
    expect(of(type.reply)).toMatchObject([{ body: Buffer.from('"ok"') }]);
    expect(of(type.error)[0]?.body.toString()).toContain('"detail":"no"');
    expect(of(type.header)).toEqual([]);
    expect(of(type.end)).toMatchObject([{ body: Buffer.alloc(0) }]);
    expect(
      [...of(type.reply), ...of(type.error), ...of(type.end)].map(({ flags }) => flags & flag.metadata),
    ).toEqual([0, 0, 0]);
    expect(warnings.map(({ subject }) => subject)).toEqual([expect.stringContaining('reply metadata')]);
  });

  test.each([
    ['a block beyond the frame', frame(type.reply, 0, Buffer.of(0, 9, 1), flag.metadata)],
    [
      'a second block beyond the frame',
      frame(type.reply, 0, Buffer.concat([block('a\0b\0'), Buffer.of(9)]), flag.metadata),
    ],
    ['no block at all', frame(type.error, 0, '', flag.metadata)],
    [
      'a header behind a message',
      Buffer.concat([frame(type.message, stream, 'm'), frame(type.header, stream, 'a\0b\0')]),
    ],
    ['two headers', Buffer.concat([frame(type.header, stream), frame(type.header, stream)])],
    ['an end with half a block', frame(type.end, stream, Buffer.of(0), flag.metadata)],
  ])('a server that sends %s has broken the protocol', async (_, bytes) => {
    const it = await world();
    const server = await rawServer((peer) => {
      peer.send(greeting, hello(knowing));
      peer.socket.on('data', () => {
        if (peer.received.includes('question')) peer.send(bytes);
      });
    });
    closing.push(
      () => it.close(),
      () => server.close(),
    );
    const client = it.client({}, server.port);
    client.open(new TestStream('bidi', targetOf('Test.bidi')));
    const outcome = (await send(client, targetOf('Test.echo'), '"question"').outcome) as Failure;
    expect(outcome.error).toMatchObject({ code: 'unavailable' });
    expect(outcome.error.message).toMatch(/broke the protocol: (the metadata|a header)/);
  });
});
