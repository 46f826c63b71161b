import { afterEach, beforeEach } from '@jest/globals';
import type { Listener, Transport } from '@micro/core';
import { type HttpTransportOptions, httpTransport } from '../src/index.ts';
import { Raw } from './raw.ts';
import { portOf, TestAcceptor } from './world.ts';

// What stands for the test that runs.
export let transport: Transport;
export let acceptor: TestAcceptor;
export let listener: Listener;

/** Every test of the file has a transport that listens. */
export function listenForEachTest(): void {
  beforeEach(() => start({}));
  afterEach(() => transport.close());
}

export async function restart(options: HttpTransportOptions): Promise<void> {
  await transport.close();
  await start(options);
}

/** A connection of the test's own to that listener. */
export function peer(): Promise<Raw> {
  return Raw.to(portOf(listener));
}

async function start(options: HttpTransportOptions): Promise<void> {
  transport = httpTransport({ frames: false, ...options });
  acceptor = new TestAcceptor();
  listener = await transport.listen(acceptor, { address: '127.0.0.1:0' });
}
