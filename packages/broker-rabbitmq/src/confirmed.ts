import { amqpError } from '@micro/amqp';
import { MicroError } from '@micro/core';
import type { ChannelModel, ConfirmChannel, Options } from 'amqplib';

/** Publishing with the server's word for it. */
export interface Confirmed {
  /** Resolves when the server has confirmed it; false: nobody's queue was there for it (with `mandatory`). */
  publish(exchange: string, key: string, body: Uint8Array, options: Options.Publish): Promise<boolean>;
  /** Declares a queue. */
  queue(name: string, options: Options.AssertQueue): Promise<void>;
}

/** One channel for all, and another when an error has ended it: the server closes the channel of what it refuses. */
export function makeConfirmed(connection: ChannelModel, timeoutMs: number): Confirmed {
  let opening: Promise<ConfirmChannel> | undefined;
  let blocked: string | undefined;
  let last = 0;
  const returned = new Set<string>();
  connection.on('blocked', (reason) => {
    blocked = reason;
  });
  connection.on('unblocked', () => {
    blocked = undefined;
  });

  async function start(): Promise<ConfirmChannel> {
    const channel = await connection.createConfirmChannel();
    const gone = (error?: Error): void => {
      opening = undefined;
      if (error !== undefined) reasons.set(channel, error);
    };
    channel.on('error', gone);
    channel.on('close', () => gone());
    channel.on('return', ({ properties }) => returned.add(String(properties.messageId)));
    return channel;
  }
  const reasons = new WeakMap<ConfirmChannel, Error>();

  function open(): Promise<ConfirmChannel> {
    opening ??= start().catch((error: unknown) => {
      opening = undefined;
      throw amqpError(error, 'the channel');
    });
    return opening;
  }

  /** What the server said when it closed the channel: it comes a moment later than the end of what waits. */
  async function whyNot(channel: ConfirmChannel, error: unknown): Promise<MicroError> {
    await new Promise((resolve) => setImmediate(resolve));
    return amqpError(reasons.get(channel) ?? error, 'publishing');
  }

  function late(): MicroError {
    if (blocked !== undefined)
      return new MicroError('overloaded', `rabbitmq: the server is blocked: ${blocked}`);
    return new MicroError('unavailable', `rabbitmq: not confirmed within ${timeoutMs} ms`);
  }

  return {
    async publish(exchange, key, body, options) {
      const channel = await open();
      const messageId = options.mandatory ? `micro-${++last}` : options.messageId;
      const content = Buffer.from(body.buffer, body.byteOffset, body.byteLength);
      try {
        await confirmation(timeoutMs, late, (done) => {
          channel.publish(exchange, key, content, { ...options, ...(messageId && { messageId }) }, done);
        });
      } catch (error) {
        throw await whyNot(channel, error);
      }
      return messageId === undefined || !returned.delete(messageId);
    },
    async queue(name, options) {
      const channel = await open();
      try {
        await channel.assertQueue(name, options);
      } catch (error) {
        throw amqpError(error, `the queue ${name}`);
      }
    },
  };
}

function confirmation(
  timeoutMs: number,
  late: () => MicroError,
  publish: (done: (error: unknown) => void) => void,
): Promise<void> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(late()), timeoutMs);
    publish((error) => {
      clearTimeout(timer);
      if (error == null) resolve();
      else reject(error instanceof Error ? error : new Error('the server could not take it'));
    });
  });
}
