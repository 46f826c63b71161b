import { afterEach, beforeEach } from '@jest/globals';
import { eventually } from '@micro/conformance';
import {
  type Body,
  type Connection,
  type Listener,
  noMetadata,
  type StreamSink,
  type Transport,
} from '@micro/core';
import { type HttpTransportOptions, httpTransport } from '../src/index.ts';
import { dialable, type ServedStream, TestAcceptor, TestStream, target } from './world.ts';

// What stands for the test that runs.
export let transport: Transport;
export let acceptor: TestAcceptor;
export let listener: Listener;
export let connection: Connection;

/** Every test of the file has a client that is connected to a server. */
export function openForEachTest(): void {
  beforeEach(() => start({}));
  afterEach(() => transport.close());
}

export async function reopen(options: HttpTransportOptions): Promise<void> {
  await transport.close();
  await start(options);
}

async function start(options: HttpTransportOptions): Promise<void> {
  transport = httpTransport({ frames: false, ...options });
  acceptor = new TestAcceptor();
  listener = await transport.listen(acceptor, { address: '127.0.0.1:0' });
  connection = transport.dial(dialable(listener), { metadata: noMetadata });
}

const endpoints = {
  'client-stream': 'Test.client',
  'server-stream': 'Test.server',
  bidi: 'Test.bidi',
} as const;
export async function open(
  kind: keyof typeof endpoints,
): Promise<{ stream: TestStream; sink: StreamSink; served: ServedStream }> {
  const stream = new TestStream(kind, target(endpoints[kind]));
  const before = acceptor.streams.length;
  const sink = connection.open(stream);
  const served = await eventually(() => acceptor.streams[before] ?? false);
  return { stream, sink, served };
}

/** Writes that many bodies as fast as the sink allows; resolves when all are written. */
export function firehose(
  sink: StreamSink,
  bodies: Iterator<Body>,
  onRoom: (more: () => void) => void,
): Promise<void> {
  return new Promise((resolve) => {
    const more = (): void => {
      for (let next = bodies.next(); !next.done; next = bodies.next()) if (!sink.write(next.value)) return;
      resolve();
    };
    onRoom(more);
    more();
  });
}
export function* numbers(count: number): Generator<Body> {
  for (let i = 0; i < count; i++) yield String(i);
}
export const expected = (count: number): string[] => [...numbers(count)].map(String);
