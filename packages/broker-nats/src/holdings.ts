import { type Message, MicroError } from '@micro/core';
import type { Consumer, Received } from '@micro/core/plugin';
import type { Msg } from '@nats-io/transport-node';
import { type Acknowledgements, givenBack, inProgress, wordsFor } from './acknowledgements.ts';
import type { Delivered } from './delivered.ts';
import { decodeMessage } from './message.ts';

/** The messages of a subscription that are with handlers, by their number in the stream. */
export interface Holdings {
  take(msg: Msg, reply: string, delivered: Delivered): void;
  /** Tells the server that those it has not heard of for so long are still ours. */
  remind(afterMs: number): void;
}

interface Held {
  /** Where its verdict goes: to the last delivery, when it has come again in the meantime. */
  reply: string;
  toldAt: number;
}

export function makeHoldings(
  consumer: Consumer,
  acknowledgements: Acknowledgements,
  onError: (error: MicroError) => void,
): Holdings {
  const held = new Map<number, Held>();

  function receivedOf(one: Held, message: Message, { sequence, attempt, publishedAt }: Delivered): Received {
    const tell = (words: string): void => {
      held.delete(sequence);
      acknowledgements.say(one.reply, words);
    };
    return {
      ...{ message, attempt, publishedAt },
      settle: (verdict) => tell(wordsFor(verdict)),
      giveBack: () => tell(givenBack),
    };
  }

  return {
    take(msg, reply, delivered) {
      const again = held.get(delivered.sequence);
      if (again !== undefined) {
        again.reply = reply; // its handler runs: the server has not heard of it, over a lost connection for example
        return;
      }
      let message: Message;
      try {
        message = decodeMessage(msg);
      } catch (error) {
        onError(MicroError.from(error));
        acknowledgements.say(reply, wordsFor({ outcome: 'ack' }));
        return;
      }
      const one: Held = { reply, toldAt: performance.now() };
      held.set(delivered.sequence, one);
      consumer.give(receivedOf(one, message, delivered));
    },
    remind(afterMs) {
      const time = performance.now();
      for (const one of held.values()) {
        if (time - one.toldAt < afterMs) continue;
        one.toldAt = time;
        acknowledgements.say(one.reply, inProgress);
      }
    },
  };
}
