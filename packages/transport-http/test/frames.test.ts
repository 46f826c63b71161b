import { once } from 'node:events';
import { connect } from 'node:net';
import { afterEach, describe, expect, test } from '@jest/globals';
import { eventually } from '@micro/conformance';
import { type Connection, type Listener, type Metadata, noMetadata, type Transport } from '@micro/core';
import { type HttpTransportOptions, httpTransport } from '../src/index.ts';
import { ok, post, Raw, RawServer } from './raw.ts';
import { dialable, failureOf, portOf, send, TestAcceptor, target } from './world.ts';

let undo: (() => unknown)[] = [];
afterEach(async () => {
  for (const step of undo.reverse()) await step();
  undo = [];
});
function transport(options: HttpTransportOptions = {}): Transport {
  const made = httpTransport(options);
  undo.push(() => made.close());
  return made;
}
interface Serving {
  readonly acceptor: TestAcceptor;
  readonly listener: Listener;
  readonly port: number;
  /** What clients say, as it comes, on each connection. */
  readonly heard: string[];
  /** A way to it on which one can listen. */
  dial(options?: HttpTransportOptions, metadata?: Metadata): Promise<Connection>;
}
async function serve(options: HttpTransportOptions = {}, address = '127.0.0.1:0'): Promise<Serving> {
  const acceptor = new TestAcceptor();
  const listener = await transport(options).listen(acceptor, { address });
  const heard: string[] = [];
  const tap = await RawServer.listen();
  undo.push(() => tap.close());
  tap.onPeer = (peer) => {
    const index = heard.push('') - 1;
    const to = connect(portOf(listener), '127.0.0.1');
    to.on('error', () => peer.socket.destroy()).on('close', () => peer.socket.destroy());
    peer.socket.on('close', () => to.destroy());
    peer.socket.on('data', (chunk: Buffer) => {
      heard[index] += chunk.toString('latin1');
      to.write(chunk);
    });
    to.on('data', (chunk: Buffer) => peer.socket.write(chunk));
  };
  return {
    ...{ acceptor, listener, heard, port: portOf(listener) },
    dial: async (options, metadata = noMetadata) =>
      transport(options).dial(`127.0.0.1:${tap.port}`, { metadata }),
  };
}
const echo = target('Test.echo');
const preface = '\0micro/\x01';

describe('frames on the HTTP port', () => {
  test('a listener announces them, and a client that knows begins with them', async () => {
    const { dial, listener, heard } = await serve();
    expect(listener.metadata).toEqual({ frames: '1' });
    const connection = await dial({}, listener.metadata);
    const replies = Array.from({ length: 50 }, (_, index) => send(connection, echo, `${index}`).result);
    expect(await Promise.all(replies)).toEqual(replies.map((_, index) => `${index}`));
    expect(heard).toHaveLength(1);
    expect(heard[0]?.startsWith(preface)).toBe(true);
    expect(heard[0]).not.toContain('HTTP/1.1');
  });

  test('a client that knows nothing asks with its first call, which is served once, and goes on in frames', async () => {
    const { dial, acceptor, heard } = await serve();
    const connection = await dial();
    expect(await send(connection, echo, '"first"').result).toBe('"first"');
    expect(acceptor.taken).toHaveLength(1);
    for (const text of ['"second"', '"third"']) expect(await send(connection, echo, text).result).toBe(text);
    expect(heard).toHaveLength(1);
    const [http = '', frames = ''] = heard[0]?.split(preface) ?? [];
    expect(http).toContain('Upgrade: micro-frames/1\r\n');
    expect(http.match(/POST/g)).toHaveLength(1);
    expect(frames).toContain('"second"');
    expect(connection.state).toBe('ready');
  });

  test('a burst of first calls is answered, whichever way each goes', async () => {
    const { dial, acceptor } = await serve();
    const connection = await dial();
    const calls = Array.from({ length: 200 }, (_, index) => send(connection, echo, `${index}`));
    expect(await Promise.all(calls.map(({ result }) => result))).toEqual(calls.map((_, index) => `${index}`));
    expect(acceptor.taken).toHaveLength(200);
    expect(calls.every(({ outcomes }) => outcomes === 1)).toBe(true);
  });

  test('a peer that does not know the question answers the call, and HTTP it stays', async () => {
    const server = await RawServer.listen();
    undo.push(() => server.close());
    let requests = 0;
    server.onPeer = (peer) => {
      peer.socket.on('data', () => {
        requests++;
        // as Go does, it sends the headers of the request back
        peer.send(ok(`"${requests}"`, 'Connection: Upgrade\r\nUpgrade: micro-frames/1\r\n'));
      });
    };
    const connection = transport().dial(`127.0.0.1:${server.port}`, { metadata: noMetadata });
    for (const text of ['"1"', '"2"', '"3"']) expect(await send(connection, echo, '1').result).toBe(text);
    expect(server.peers[0]?.received.match(/Upgrade: micro-frames/g)).toHaveLength(1);
  });

  test('an upgrade that nobody asked for fails the call', async () => {
    const server = await RawServer.listen();
    undo.push(() => server.close());
    server.onPeer = (peer) =>
      peer.socket.on('data', () => peer.send('HTTP/1.1 101 Switching Protocols\r\n\r\n'));
    const connection = transport({ frames: false }).dial(`127.0.0.1:${server.port}`, {
      metadata: noMetadata,
    });
    const { error, delivered } = await failureOf(send(connection, echo, '1'));
    expect(error.code).toBe('unavailable');
    expect(delivered).toBe('maybe');
  });

  test.each([[false], [{}]] as const)(
    'with frames %j a plain client of any kind is answered in HTTP, unchanged',
    async (frames) => {
      const { port, acceptor } = await serve({ frames });
      const raw = await Raw.to(port);
      raw.send(post('1'));
      raw.send(post('2', 'Upgrade: websocket\r\nConnection: Upgrade\r\n'));
      raw.send(post('3', 'Upgrade: micro-frames/1\r\n') + post('4'));
      expect(await raw.answers(4)).toEqual(['1\n', '2\n', '3\n', '4\n']);
      expect(raw.received).not.toMatch(/upgrade|frames/i);
      expect(acceptor.taken).toHaveLength(4);
      raw.socket.destroy();
    },
  );

  test('a client that has sent more behind its question is answered in HTTP', async () => {
    const { port } = await serve();
    const raw = await Raw.to(port);
    raw.send(post('1', 'Upgrade: micro-frames/1\r\n') + post('2'));
    expect(await raw.answers(2)).toEqual(['1\n', '2\n']);
    raw.socket.destroy();
  });

  test('switched off on the server: no announcement, no upgrade, and frames are refused', async () => {
    const { port, dial, listener, heard } = await serve({ frames: false });
    expect(listener.metadata).toEqual({});
    const connection = await dial();
    for (const text of ['1', '2']) expect(await send(connection, echo, text).result).toBe(text);
    expect(heard.join()).not.toContain(preface);
    const raw = await Raw.to(port);
    raw.send(preface);
    raw.send('\r\n\r\n');
    await raw.closed;
    expect(raw.received).toContain('HTTP/1.1 400');
  });

  test('switched off on the client: nothing is asked, whatever the metadata say', async () => {
    const { dial, heard } = await serve();
    const connection = await dial({ frames: false }, { frames: '1' });
    expect(await send(connection, echo, '1').result).toBe('1');
    expect(heard.join()).not.toMatch(/upgrade|\0/i);
  });

  test('a server that has lost its frames since: calls are not delivered once, and then go by HTTP', async () => {
    const { port, listener } = await serve();
    const connection = transport().dial(dialable(listener), { metadata: listener.metadata });
    expect(await send(connection, echo, '1').result).toBe('1');
    await listener.close();
    await serve({ frames: false }, `127.0.0.1:${port}`);
    await eventually(async () => {
      const call = send(connection, echo, '2');
      const { delivered } = await call.result.then(
        () => ({ delivered: 'yes' }),
        (failure) => failure,
      );
      expect(['yes', 'no']).toContain(delivered);
      expect(await call.result).toBe('2');
    });
    expect(connection.state).toBe('ready');
  });

  test('a listener that drains tells peers in frames, upgrades nobody, and closes all', async () => {
    const { acceptor, listener, port, dial } = await serve();
    const connection = await dial({}, listener.metadata);
    expect(await send(connection, echo, '1').result).toBe('1');
    listener.drain();
    await eventually(() => connection.state === 'leaving');
    const raw = await Raw.to(port);
    raw.send(post('2', 'Upgrade: micro-frames/1\r\n'));
    expect(await raw.answers(1)).toEqual(['2\n']);
    expect(raw.received).toContain('Connection: close');
    await listener.close();
    await eventually(() => connection.state === 'idle');
    expect(acceptor.taken).toHaveLength(2);
  });

  test('frames in drops are frames too', async () => {
    const { port } = await serve();
    const socket = connect(port, '127.0.0.1');
    await once(socket, 'connect');
    const received: Buffer[] = [];
    socket.on('data', (chunk: Buffer) => received.push(chunk));
    for (const byte of Buffer.from(`${preface}\0\0\0\x06\x01\0\0\0\0\0`, 'latin1')) {
      socket.write(Buffer.of(byte));
      await new Promise((resolve) => setImmediate(resolve));
    }
    await eventually(() => Buffer.concat(received).toString('latin1').startsWith(preface));
    socket.destroy();
  });
});
