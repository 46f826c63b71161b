import type { AmqpOptions } from '@micro/amqp';
import type { SessionOptions } from '@micro/sessions';

/** How to reach RabbitMQ, and the limits of calls and streams. Durations in milliseconds, sizes in bytes. */
export interface RabbitmqTransportOptions extends AmqpOptions, SessionOptions {
  /** A body, both ways; the server has a limit of its own, beyond which it closes channels. @default 16 MiB */
  readonly maxBodyBytes?: number | undefined;
  /** go-micro's exchange. @default 'micro' */
  readonly exchange?: string | undefined;
}
