import type { Broker } from '@micro/core';
import { closing } from '../../../testing/events.ts';
import { type NatsBrokerOptions, natsBroker } from '../src/index.ts';

/** Closed after the test. */
export function brokerAt(address: string, options: NatsBrokerOptions = {}): Broker {
  return closing(natsBroker({ address, redeliverAfterMs: 1_000, timeoutMs: 2_000, ...options }));
}
