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

  const confirmations = new Confirmations(timeoutMs, late);
  return {
    async publish(exchange, key, body, options) {
      const channel = await open();
      const messageId = options.mandatory ? `micro-${++last}` : undefined;
      const all = messageId === undefined ? options : { ...options, messageId };
      const content = Buffer.from(body.buffer, body.byteOffset, body.byteLength);
      try {
        await confirmations.of((done) => channel.publish(exchange, key, content, all, done));
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

interface Waiting {
  readonly until: number;
  readonly reject: (error: MicroError) => void;
}

/** Confirmations that are waited for, each so long, with one timer for all: a timer each is dear. */
class Confirmations {
  private readonly timeoutMs: number;
  private readonly late: () => MicroError;
  private readonly waiting = new Set<Waiting>(); // the oldest first
  private timer: NodeJS.Timeout | undefined;

  constructor(timeoutMs: number, late: () => MicroError) {
    this.timeoutMs = timeoutMs;
    this.late = late;
  }

  /** Rejects when the server does not take it, or says nothing in time. */
  of(publish: (done: (error: unknown) => void) => void): Promise<void> {
    return new Promise((resolve, reject) => {
      const one: Waiting = { until: performance.now() + this.timeoutMs, reject };
      this.waiting.add(one);
      this.timer ??= setTimeout(() => this.check(), this.timeoutMs);
      const done = (error: unknown): void => {
        this.waiting.delete(one);
        if (this.waiting.size === 0) this.rest();
        if (error == null) resolve();
        else reject(error instanceof Error ? error : new Error('the server could not take it'));
      };
      try {
        publish(done);
      } catch (error) {
        done(error);
      }
    });
  }

  private check(): void {
    const now = performance.now();
    this.rest();
    for (const one of this.waiting) {
      if (one.until > now) {
        this.timer = setTimeout(() => this.check(), one.until - now);
        return;
      }
      this.waiting.delete(one);
      one.reject(this.late());
    }
  }

  private rest(): void {
    clearTimeout(this.timer);
    this.timer = undefined;
  }
}
