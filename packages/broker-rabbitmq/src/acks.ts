import type { Channel, ConsumeMessage } from 'amqplib';

/** Settles what a channel delivers. */
export interface Acks {
  /** Told of each message, in the order of the channel. */
  delivered(message: ConsumeMessage): void;
  ack(message: ConsumeMessage): void;
  /** To its queue again. */
  giveBack(message: ConsumeMessage): void;
  /** What was gathered leaves now. */
  flush(): void;
}

/**
 * Acknowledgements of one turn of the event loop leave together: one frame for all up to the oldest message that is
 * still out, and one for each behind it. The server's work, a log entry of a quorum queue each, is that much less.
 */
export function makeAcks(channel: Channel, isOpen: () => boolean): Acks {
  const out = new Map<number, ConsumeMessage>(); // not settled, the oldest first
  const done = new Set<number>();

  function flush(): void {
    if (done.size === 0 || !isOpen()) return;
    let last: ConsumeMessage | undefined;
    for (const [tag, message] of out) {
      if (!done.delete(tag)) break;
      out.delete(tag);
      last = message;
    }
    if (last !== undefined) channel.ack(last, true);
    for (const tag of done) {
      const message = out.get(tag);
      out.delete(tag);
      if (message !== undefined) channel.ack(message);
    }
    done.clear();
  }

  return {
    delivered: (message) => out.set(message.fields.deliveryTag, message),
    ack({ fields }) {
      if (done.size === 0) setImmediate(flush);
      done.add(fields.deliveryTag);
    },
    giveBack(message) {
      if (!isOpen()) return;
      out.delete(message.fields.deliveryTag);
      channel.nack(message, false, true);
    },
    flush,
  };
}
