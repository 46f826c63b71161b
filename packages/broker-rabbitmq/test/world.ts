import type { Broker } from '@micro/core';
import { closing } from '../../../testing/events.ts';
import { type RabbitmqBrokerOptions, rabbitmqBroker } from '../src/index.ts';

/** Closed after the test. */
export function brokerAt(address: string, options: RabbitmqBrokerOptions = {}): Broker {
  return closing(rabbitmqBroker({ address, heartbeatMs: 2_000, ...options }));
}
