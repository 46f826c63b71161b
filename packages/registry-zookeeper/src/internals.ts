import { EventEmitter } from 'node:events';
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

/** Of its states, the one between two connections. */
const disconnected = 0;

/**
 * The library keeps what it has of an answer when its connection ends, and takes the first bytes of the next connection
 * for the rest: it would wait for ever, or throw where nobody can catch it.
 */
export function forgetHalfAnswers(client: Client): void {
  const manager = managerOf(client);
  manager?.on('state', (state) => {
    if (state === disconnected) Reflect.set(manager, 'pendingBuffer', null);
  });
}
