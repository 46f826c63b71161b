import { MicroError, type Transport } from '@micro/core';
import { NatsLink } from '@micro/nats';
import { sessionTransport } from '@micro/sessions';
import { NatsCarrier } from './carrier.ts';
import type { NatsTransportOptions } from './options.ts';

const defaultPending = 8 * 1024 * 1024;

/** go-micro's NATS transport. A service listens on a subject, an inbox of its own unless it is given one. */
export function natsTransport(options: NatsTransportOptions = {}): Transport {
  const { maxPendingBytes = defaultPending } = options;
  if (!Number.isSafeInteger(maxPendingBytes) || maxPendingBytes < 1)
    throw new MicroError(
      'bad_request',
      `maxPendingBytes must be a positive whole number, not ${maxPendingBytes}`,
    );
  const link = new NatsLink(options, 'micro transport');
  return sessionTransport('nats', new NatsCarrier(link, maxPendingBytes), options);
}
