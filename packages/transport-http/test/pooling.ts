import { afterEach, beforeEach } from '@jest/globals';
import { eventually } from '@micro/conformance';
import { type Connection, noMetadata, type Transport } from '@micro/core';
import { type HttpTransportOptions, httpTransport } from '../src/index.ts';
import { bytes, ok, type Raw, RawServer, read } from './raw.ts';
import { send, type TestCall, target } from './world.ts';

// What stands for the test that runs.
export let server: RawServer;
export let transport: Transport;
export let pool: Connection;

/** Every test of the file has a server of its own hand, and a pool of connections to it. */
export function poolForEachTest(): void {
  beforeEach(async () => {
    server = await RawServer.listen();
    start({});
  });
  afterEach(async () => {
    await transport.close();
    await server.close();
  });
}

/** Another server, at another port, for the same transport. */
export async function serveAnew(): Promise<void> {
  server = await RawServer.listen();
  dial();
}

/** Another transport, for the same server. */
export function start(options: HttpTransportOptions): void {
  transport = httpTransport({ frames: false, ...options });
  dial();
}

function dial(): void {
  pool = transport.dial(`127.0.0.1:${server.port}`, { metadata: noMetadata });
}
const echo = target('Test.echo');
export const call = (body = '1'): TestCall => send(pool, echo, body);
/** Waits until that peer has received so many requests. */
export async function requests(peer: number, count: number): Promise<Raw> {
  return eventually(() => {
    const raw = server.peers[peer];
    return raw !== undefined && received(raw).length >= count ? raw : false;
  });
}
export function received(raw: Raw): ReturnType<typeof read>['messages'] {
  return read('request', [bytes(raw.received)]).messages;
}
/** Every request on every connection is answered with its own body, and that header. */
export function answerAll(extra = ''): void {
  server.onPeer = (peer) => {
    let answered = 0;
    peer.socket.on('data', () => {
      for (const { body } of received(peer).slice(answered)) {
        answered++;
        peer.send(ok(body, extra));
      }
    });
  };
}
