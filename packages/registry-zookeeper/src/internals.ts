import { EventEmitter } from 'node:events';
import { lengthPrefixed } from '@micro/core/plugin';
import type { Client } from 'node-zookeeper-client';

/** What the library knows of its connection, and has no word for. */
function managerOf(client: Client): EventEmitter | undefined {
  const manager: unknown = Reflect.get(client, 'connectionManager');
  return manager instanceof EventEmitter ? manager : undefined;
}

/** The library's socket, which it has no way to give up. */
export function socketOf(client: Client): { destroy(): unknown } | undefined {
  const manager = managerOf(client);
  const socket: unknown = manager && Reflect.get(manager, 'socket');
  if (typeof socket !== 'object' || socket === null || !('destroy' in socket)) return undefined;
  const { destroy } = socket;
  if (typeof destroy !== 'function') return undefined;
  // With an error, because only then the library clears its timer for a connection that is being made.
  return { destroy: () => Reflect.apply(destroy, socket, [new Error('given up')]) };
}

/** An answer has a head of 16 bytes; a server takes 1 MiB by default (jute.maxbuffer), a list of children may be longer. */
const [least, most] = [16, 128 * 1_024 * 1_024];

/**
 * The library keeps what it has of an answer when its connection ends, takes the first bytes of the next connection for
 * the rest, and throws where nobody can catch it when it does not understand. So it gets whole answers only, each for
 * itself, and a connection with others ends.
 */
export function wholeAnswers(client: Client): void {
  const manager = managerOf(client);
  const read: unknown = manager && Reflect.get(manager, 'onSocketData');
  if (manager === undefined || typeof read !== 'function')
    throw new Error('this version of the ZooKeeper client is another than the one that is made up for');
  let socket: unknown;
  let answers = lengthPrefixed(least, most);
  Reflect.set(manager, 'onSocketData', (bytes: Uint8Array) => {
    const current: unknown = Reflect.get(manager, 'socket');
    if (current !== socket) answers = lengthPrefixed(least, most);
    socket = current;
    try {
      for (const { buffer, byteOffset, length } of answers.take(bytes))
        Reflect.apply(read, manager, [Buffer.from(buffer, byteOffset, length)]);
    } catch {
      socketOf(client)?.destroy(); // no ZooKeeper speaks there: whoever waits runs into its limit
    }
  });
}
