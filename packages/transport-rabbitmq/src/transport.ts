import { MicroError, type Transport } from '@micro/core';
import { sessionTransport } from '@micro/sessions';
import { RabbitmqCarrier } from './carrier.ts';
import type { RabbitmqTransportOptions } from './options.ts';

/** go-micro's RabbitMQ transport. A service listens on a queue, one of its own unless it is given a name. */
export function rabbitmqTransport(options: RabbitmqTransportOptions = {}): Transport {
  const { maxBodyBytes = 16 * 1024 * 1024, exchange = 'micro' } = options;
  if (!Number.isSafeInteger(maxBodyBytes) || maxBodyBytes < 1)
    throw new MicroError('bad_request', `maxBodyBytes must be a positive whole number, not ${maxBodyBytes}`);
  return sessionTransport('rabbitmq', new RabbitmqCarrier(options, exchange, maxBodyBytes), options);
}
