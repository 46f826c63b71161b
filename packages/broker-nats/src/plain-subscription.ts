import {
  type Deliver,
  type Message,
  MicroError,
  report,
  type SubscribeOptions,
  type Subscription,
} from '@micro/core';
import { atMost, makeConsumer, type Received } from '@micro/core/plugin';
import { natsError } from '@micro/nats';
import type { Msg } from '@nats-io/transport-node';
import { decodeMessage } from './message.ts';
import { subjectOf } from './names.ts';
import type { Settings } from './options.ts';
import type { Sessions } from './session.ts';

/**
 * Subscribes as go-micro does, without a stream: the server sends what comes, keeps nothing, and waits for nobody. What
 * a slow handler leaves waiting is bounded here; beyond it, messages are lost, and that is told.
 */
export async function plainSubscription(
  topic: string,
  deliver: Deliver,
  { queue, maxInFlight, onError, signal }: SubscribeOptions,
  { sessions, settings }: { readonly sessions: Sessions; readonly settings: Settings },
): Promise<Subscription> {
  const subject = subjectOf(topic);
  const { client, flush } = await sessions.open(signal);
  const waiting: Message[] = [];
  let waitingBytes = 0;
  let overflown = false;
  let stopping = false;
  let empty: (() => void) | undefined;
  let ended: Promise<void> | undefined;
  const consumer = makeConsumer(deliver, {
    ...{ maxInFlight, onError, onFree: next, ordered: false, retryHere: false },
  });

  function next(): void {
    while (consumer.free > 0) {
      const message = waiting.shift();
      if (message === undefined) break;
      waitingBytes -= message.body.byteLength;
      consumer.give(receivedOf(message, topic));
    }
    if (waiting.length > 0) return;
    overflown = false;
    empty?.();
  }

  function receive(error: Error | null, msg: Msg): void {
    if (error !== null) {
      onError(natsError(error, 'the subscription'));
      return;
    }
    try {
      const message = decodeMessage(msg);
      if (waitingBytes + message.body.byteLength > settings.maxWaitingBytes) lose();
      else {
        waiting.push(message);
        waitingBytes += message.body.byteLength;
        next();
      }
    } catch (failure) {
      onError(MicroError.from(failure));
    }
  }

  function lose(): void {
    const error = new MicroError(
      'overloaded',
      `nats: more than ${settings.maxWaitingBytes} bytes wait for handlers`,
    );
    report('event.lost', topic, error);
    if (!overflown) onError(error);
    overflown = true;
  }

  const subscription = client.subscribe(subject, {
    callback: receive,
    ...(queue !== undefined && { queue }),
  });
  const unwatch = sessions.onLost(onError);
  try {
    await flush.until(subject); // the server has it from now on
  } catch (error) {
    unwatch();
    subscription.unsubscribe();
    throw error;
  }

  /** Nobody else gets what the server has sent us: it is handled to its end. */
  async function end(stopSignal: AbortSignal | undefined): Promise<void> {
    if (sessions.current !== undefined) await atMost(subscription.drain(), settings.timeoutMs);
    else subscription.unsubscribe();
    unwatch();
    if (waiting.length > 0 && stopSignal?.aborted !== true) {
      await new Promise<void>((resolve) => {
        empty = resolve;
        stopSignal?.addEventListener('abort', empty, { once: true });
      });
      if (empty !== undefined) stopSignal?.removeEventListener('abort', empty);
    }
    await consumer.stop(stopSignal);
  }

  return {
    topic,
    get active() {
      return sessions.current !== undefined && !stopping;
    },
    async stop(options) {
      stopping = true;
      ended ??= end(options?.signal).catch((error: unknown) => onError(MicroError.from(error)));
      await ended;
    },
  };
}

function receivedOf(message: Message, topic: string): Received {
  return {
    message,
    attempt: 1,
    publishedAt: Date.now(),
    settle({ outcome }) {
      if (outcome === 'retry')
        report(
          'event.lost',
          topic,
          new MicroError('unimplemented', 'nats: without JetStream nothing is delivered again'),
        );
    },
    giveBack: () => undefined,
  };
}
