import { setTimeout as sleep } from 'node:timers/promises';
import type { Caller } from '../contender.ts';

/** Calls nobody. */
export const waiting: Caller = {
  call: async (): Promise<unknown> => sleep(10),
  close: async (): Promise<void> => undefined,
};
