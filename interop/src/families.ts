import { calls } from './checks/calls.ts';
import type { Check } from './checks/check.ts';
import { discovery } from './checks/discovery.ts';
import { events } from './checks/events.ts';
import { fleet } from './checks/fleet.ts';
import { messages } from './checks/messages.ts';
import { streams } from './checks/streams.ts';

/** The checks by what they are about. */
export const families = { discovery, calls, messages, streams, events, fleet } satisfies Record<
  string,
  readonly Check[]
>;
export type Family = keyof typeof families;
