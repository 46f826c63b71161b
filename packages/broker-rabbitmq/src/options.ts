import { type AmqpOptions, amqpSettings } from '@micro/amqp';
import { MicroError } from '@micro/core';

/** Durations are in milliseconds. Where the servers are and who we are: see `@micro/amqp`. */
export interface RabbitmqBrokerOptions extends AmqpOptions {
  /** go-micro's exchange, where Go's services publish and subscribe. @default 'micro' */
  readonly exchange?: string | undefined;
  /** Whether that exchange is durable: Go's option DurableExchange, the same for all who use it. @default false */
  readonly durableExchange?: boolean | undefined;
  /**
   * Queues as go-micro declares them, so that members in Go and in TypeScript share: by their name alone, not durable.
   * Use a queue for one topic only. Without `durable` and `order`. @default false
   */
  readonly goQueues?: boolean | undefined;
  /** Messages published and not yet confirmed; more are refused with `overloaded`. @default 16384 */
  readonly maxUnconfirmed?: number | undefined;
}

export interface Settings {
  readonly exchange: string;
  readonly durableExchange: boolean;
  readonly goQueues: boolean;
  readonly timeoutMs: number;
  readonly maxUnconfirmed: number;
}

/** The options with their defaults. Throws `bad_request` for what makes no sense. */
export function settingsOf(options: RabbitmqBrokerOptions): Settings {
  const { exchange = 'micro', durableExchange = false, goQueues = false, maxUnconfirmed = 16_384 } = options;
  const { timeoutMs } = amqpSettings(options);
  if (!Number.isSafeInteger(maxUnconfirmed) || maxUnconfirmed < 1)
    throw new MicroError(
      'bad_request',
      `rabbitmq: maxUnconfirmed must be a positive whole number, not ${maxUnconfirmed}`,
    );
  return { exchange, durableExchange, goQueues, timeoutMs, maxUnconfirmed };
}
