import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { eventually } from '@micro/conformance';
import { type BackgroundMessage, type Listener, onBackground, type Transport } from '@micro/core';
import type { FrameOptions } from '../src/limits.ts';
import { codes, hostile, start, tight } from './hostile.ts';
import { call, greeting, hello, Raw, target } from './raw.ts';
import { TestAcceptor, TestCall, target as targetOf } from './world.ts';

/** Bad input at the port of a transport's listener, frame by frame. */
export function hostileSuite(name: string, create: (frames: FrameOptions) => Transport): void {
  describe(`frames at the port of ${name}`, () => {
    let transport: Transport;
    /** With time to greet. */
    let client: Transport;
    let acceptor: TestAcceptor;
    let listener: Listener;
    let reports: BackgroundMessage[];
    let off: () => void;
    const serve = async (options: FrameOptions): Promise<void> => {
      transport = create(options);
      listener = await transport.listen(acceptor, { address: '127.0.0.1:0' });
    };
    const raw = (): Promise<Raw> => Raw.to(Number(listener.address.split(':')[1]));
    beforeEach(async () => {
      acceptor = new TestAcceptor();
      acceptor.echoes = false;
      acceptor.onStream = ({ sink }) => {
        sink.pause();
        return {};
      };
      reports = [];
      off = onBackground((message) => reports.push(message));
      client = create({});
      await serve(tight);
    });
    afterEach(async () => {
      off();
      await client.close();
      await transport.close();
    });

    /** A call of another connection that is under way, and has to stay so. */
    async function neighbour(): Promise<() => Promise<void>> {
      const held = new TestCall(targetOf('Test.echo'), '"a"');
      client.dial(listener.address, { metadata: { frames: '1' } }).request(held);
      await eventually(() => acceptor.calls.length === 1);
      return async () => {
        acceptor.calls[0]?.call.reply('"a"');
        expect(await held.outcome).toBe('"a"');
        // what the other had begun is cancelled
        await eventually(() => acceptor.calls.slice(1).every(({ cancelled }) => cancelled));
        expect(reports.map(({ event }) => event)).toContain('transport.protocol_error');
      };
    }

    test.each(hostile)(
      '$name: is told why, and its connection ends, and no other',
      async ({ bytes, reason, text }) => {
        const unharmed = await neighbour();
        const bad = await raw();
        bad.send(...start, ...bytes);
        await bad.closed;
        expect(bad.goodbye).toMatchObject({ reason: codes[reason], text: expect.stringMatching(text) });
        await unharmed();
      },
    );

    test('another version is answered with ours', async () => {
      const unharmed = await neighbour();
      const bad = await raw();
      bad.send(Buffer.from('\0micro/\x02', 'latin1'), hello());
      await bad.closed;
      expect(bad.received.subarray(0, 8)).toEqual(greeting);
      expect(bad.goodbye).toMatchObject({ reason: codes.version });
      await unharmed();
    });

    test.each([
      ['a greeting that goes wrong', Buffer.from('\0micrO/\x01', 'latin1')],
      ['zeros', Buffer.alloc(64)],
    ])('%s is refused', async (_, bytes) => {
      const unharmed = await neighbour();
      const bad = await raw();
      bad.send(bytes);
      await bad.closed;
      await unharmed();
    });

    test('TLS, where there is none, is refused', async () => {
      const unharmed = await neighbour();
      const bad = await raw();
      bad.send(Buffer.of(0x16, 3, 1, 2, 0));
      await bad.closed;
      await unharmed();
    });

    test.each([
      ['half of a greeting', [greeting.subarray(0, 3)]],
      ['a greeting and half a frame', [greeting, hello().subarray(0, 9)]],
    ])('half a handshake (%s) is cut off in time', async (_, bytes) => {
      const bad = await raw();
      bad.send(...bytes);
      await bad.closed;
    });

    test('a peer that stops reading is given up, and its work is cancelled', async () => {
      await transport.close();
      await serve({ writeTimeoutMs: 100 });
      const bad = await raw();
      bad.send(greeting, hello([1 << 24, 64, 16, 8, 65_536]), target(1));
      for (let id = 0; id < 9; id++) bad.send(call(id, 'x'));
      await eventually(() => acceptor.calls.length === 9);
      bad.socket.pause();
      for (const served of acceptor.calls.slice(1)) served.call.reply('x'.repeat(4_000_000));
      await eventually(() => acceptor.calls[0]?.cancelled === true);
      bad.socket.resume();
      await bad.closed;
    });
  });
}
