import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import type { MdnsOptions } from '../src/index.ts';

/** Options for a group of this test's own: loopback, and a port that nobody uses. */
export async function ownGroup(): Promise<MdnsOptions & { readonly port: number }> {
  const socket = createSocket('udp4').bind(0, '127.0.0.1');
  await once(socket, 'listening');
  const { port } = socket.address();
  await new Promise<void>((resolve) => socket.close(resolve));
  return { port, interface: '127.0.0.1' };
}
