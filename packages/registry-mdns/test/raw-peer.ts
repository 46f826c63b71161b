import { createSocket, type RemoteInfo, type Socket } from 'node:dgram';
import { once } from 'node:events';

/** A peer that knows nothing of our code: one socket that asks, as Go clients do, and one that hears the group. */
export interface RawPeer {
  /** What came to its own port. */
  readonly answers: Buffer[];
  /** What was said to the group. */
  readonly heard: Buffer[];
  say(bytes: Uint8Array): Promise<void>;
  /** Calls back for each message to the group; the returned bytes go to who sent it. */
  respond(reply: (bytes: Buffer) => Buffer | undefined): void;
  close(): Promise<void>;
}

const group = '224.0.0.251';

export async function rawPeer(port: number): Promise<RawPeer> {
  const asker = createSocket('udp4').bind(0, '0.0.0.0');
  await once(asker, 'listening');
  asker.setMulticastInterface('127.0.0.1');
  const listener = createSocket({ type: 'udp4', reuseAddr: true }).bind(port, '0.0.0.0');
  await once(listener, 'listening');
  listener.addMembership(group, '127.0.0.1');
  const answers: Buffer[] = [];
  const heard: Buffer[] = [];
  asker.on('message', (bytes) => answers.push(bytes));
  listener.on('message', (bytes) => heard.push(bytes));
  return {
    answers,
    heard,
    say: (bytes) => sent(asker, bytes, port),
    respond(reply) {
      listener.on('message', (bytes: Buffer, from: RemoteInfo) => {
        const answer = reply(bytes);
        if (answer !== undefined) asker.send(answer, from.port, from.address);
      });
    },
    async close() {
      for (const socket of [asker, listener]) await new Promise<void>((resolve) => socket.close(resolve));
    },
  };
}

function sent(socket: Socket, bytes: Uint8Array, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    socket.send(bytes, port, group, (error) => (error ? reject(error) : resolve()));
  });
}
