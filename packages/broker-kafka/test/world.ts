import type { Broker } from '@micro/core';
import { closing } from '../../../testing/events.ts';
import { type KafkaBrokerOptions, kafkaBroker } from '../src/index.ts';

/** Closed after the test. */
export function brokerAt(address: string, options: KafkaBrokerOptions = {}): Broker {
  return closing(kafkaBroker({ address, partitions: 2, sessionMs: 3_000, timeoutMs: 3_000, ...options }));
}
