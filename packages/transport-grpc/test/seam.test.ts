import { once } from 'node:events';
import { connect } from 'node:http2';
import net from 'node:net';
import { afterEach, expect, test } from '@jest/globals';
import { eventually } from '@micro/conformance';
import {
  type Acceptor,
  type Body,
  type Delivered,
  type IncomingCall,
  type IncomingStream,
  type MicroError,
  noMetadata,
  type OutgoingCall,
  type Transport,
} from '@micro/core';
import { grpcTransport } from '../src/index.ts';

const ending: (() => unknown)[] = [];
afterEach(async () => {
  for (const end of ending.splice(0).reverse()) await end();
});
function transport(): Transport {
  const made = grpcTransport();
  ending.push(() => made.close());
  return made;
}

class Call implements OutgoingCall {
  readonly target = {
    index: 0,
    service: 'x',
    endpoint: 'Test.Hold',
    contentType: 'application/json',
    text: true,
  };
  readonly body = '{}';
  readonly deadline = 0;
  readonly metadata = noMetadata;
  slot = 0;
  readonly outcomes: (Body | Delivered)[] = [];
  done(body: Body): void {
    this.outcomes.push(body);
  }
  fail(_error: MicroError, delivered: Delivered): void {
    this.outcomes.push(delivered);
  }
}

test('a connection whose peer has sent GOAWAY is leaving while work is on it, and idle after that', async () => {
  const held: IncomingCall[] = [];
  const acceptor: Acceptor = {
    endpoints: [],
    route: () => ({ found: true, kind: 'unary', text: true }),
    call(_route, call) {
      held.push(call);
      return { cancel: () => undefined };
    },
    stream: () => {
      throw new Error('nobody opens streams here');
    },
  };
  const listener = await transport().listen(acceptor, { address: '127.0.0.1:0' });
  const connection = transport().dial(listener.address, { metadata: {} });
  expect(connection.state).toBe('idle');
  const call = new Call();
  connection.request(call);
  await eventually(() => held.length === 1);
  expect(connection.state).toBe('ready');
  listener.drain();
  await eventually(() => connection.state === 'leaving');
  held[0]?.reply('{"late":true}');
  await eventually(() => call.outcomes.length === 1);
  expect(call.outcomes).toEqual(['{"late":true}']);
  expect(connection.state).toBe('idle');
});

test('a stream that is paused in the middle of a chunk is told nothing more before resume has returned', async () => {
  const told: string[] = [];
  let stream: IncomingStream | undefined;
  const acceptor: Acceptor = {
    endpoints: [],
    route: () => ({ found: true, kind: 'bidi', text: true }),
    call: () => {
      throw new Error('nobody calls here');
    },
    stream(_route, incoming) {
      stream = incoming;
      return {
        message(body) {
          told.push(String(body));
          incoming.sink.pause();
        },
        end: () => told.push('end'),
        fail: () => undefined,
        drained: () => undefined,
      };
    },
  };
  const listener = await transport().listen(acceptor, { address: '127.0.0.1:0' });
  const session = connect(`http://${listener.address}`);
  ending.push(() => session.destroy());
  const type = 'application/grpc+json';
  const request = session.request({ ':method': 'POST', ':path': '/x.Test/Bidi', 'content-type': type });
  request.on('error', () => undefined); // it is destroyed at the end
  const frame = (text: string): Buffer =>
    Buffer.concat([Buffer.from('0000000001', 'hex'), Buffer.from(text)]);
  request.end(Buffer.concat(['1', '2', '3'].map(frame)));
  await once(request, 'finish');
  for (const known of [['1'], ['1', '2'], ['1', '2', '3'], ['1', '2', '3', 'end']]) {
    await eventually(() => told.length === known.length);
    expect(told).toEqual(known);
    stream?.sink.resume();
    expect(told).toEqual(known);
  }
});

/** A frame of HTTP/2 (RFC 9113 §4.1). */
function frameOf(type: number, flags: number, stream: number, payload: Uint8Array): Buffer {
  const head = Buffer.alloc(9);
  head.writeUIntBE(payload.length, 0, 3);
  head.writeUInt8(type, 3);
  head.writeUInt8(flags, 4);
  head.writeUInt32BE(stream, 5);
  return Buffer.concat([head, payload]);
}
/** A header that is not compressed (RFC 7541 §6.2.2). */
function headerOf(name: string, value: string): Buffer {
  const text = (part: string): Buffer => Buffer.concat([Buffer.of(part.length), Buffer.from(part)]);
  return Buffer.concat([Buffer.of(0), text(name), text(value)]);
}
const [data, headers, reset, settings] = [0, 1, 3, 4];
const [endStream, endHeaders] = [1, 4];
const cancel = Buffer.of(0, 0, 0, 8);

// Node's own client ends its side before it resets a stream: in one write, or in two, when nobody can tell the two apart
test.each([
  ['resets its stream', [frameOf(reset, 0, 1, cancel)]],
  [
    'ends and resets its stream in one write',
    [frameOf(data, endStream, 1, new Uint8Array(0)), frameOf(reset, 0, 1, cancel)],
  ],
])('a client that %s has left, and has not ended its side', async (_how, leaving) => {
  const told: string[] = [];
  const acceptor: Acceptor = {
    endpoints: [],
    route: () => ({ found: true, kind: 'client-stream', text: true }),
    call: () => {
      throw new Error('nobody calls here');
    },
    stream: () => ({
      message: (body) => told.push(String(body)),
      end: () => told.push('end'),
      fail: ({ code }) => told.push(code),
      drained: () => undefined,
    }),
  };
  const listener = await transport().listen(acceptor, { address: '127.0.0.1:0' });
  const [host, port] = listener.address.split(':');
  const socket = net.connect({ host, port: Number(port) });
  ending.push(() => socket.destroy());
  socket.on('error', () => undefined); // the listener is closed first
  socket.resume();
  const block = Object.entries({
    ':method': 'POST',
    ':scheme': 'http',
    ':path': '/x.Test/Sum',
    ':authority': 'x',
    'content-type': 'application/grpc+json',
  }).map(([name, value]) => headerOf(name, value));
  socket.write('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n');
  socket.write(frameOf(settings, 0, 0, new Uint8Array(0)));
  socket.write(frameOf(headers, endHeaders, 1, Buffer.concat(block)));
  socket.write(frameOf(data, 0, 1, Buffer.from('000000000131', 'hex')));
  await eventually(() => told.length === 1);
  socket.write(Buffer.concat(leaving));
  await eventually(() => told.length > 1);
  expect(told).toEqual(['1', 'canceled']);
});
