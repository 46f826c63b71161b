import { setTimeout as sleep } from 'node:timers/promises';
import type { Contender } from '../contender.ts';

/** A process of Node that has loaded nothing and waits. */
export const idleNode: Contender = {
  serve: async () => ({ address: '', close: async () => undefined }),
  connect: async () => ({ call: () => sleep(10), close: async () => undefined }),
};
