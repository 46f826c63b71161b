import { describe, expect, test } from '@jest/globals';
import { eventually } from '@micro/conformance';
import type { Delivery, Verdict } from '../src/broker.ts';
import { type Consumer, type ConsumerOptions, makeConsumer, type Received } from '../src/consumer.ts';
import { MicroError } from '../src/errors.ts';
import { noMetadata } from '../src/metadata.ts';

const ack: Verdict = { outcome: 'ack' };
const retry: Verdict = { outcome: 'retry', delayMs: 1 };

/** A consumer whose handlers end when the test says so, and a record of what it told the backend. */
function consumerOf(options: Partial<ConsumerOptions> = {}): {
  readonly consumer: Consumer;
  readonly running: { readonly delivery: Delivery; readonly end: (verdict: Verdict) => void }[];
  readonly told: string[];
  readonly errors: MicroError[];
  /** Ends the oldest running handler. */
  end(verdict?: Verdict): void;
  received(text: string, key?: string): Received;
} {
  const running: { delivery: Delivery; end: (verdict: Verdict) => void }[] = [];
  const told: string[] = [];
  const errors: MicroError[] = [];
  const consumer = makeConsumer(
    (delivery) => new Promise((resolve) => running.push({ delivery, end: resolve })),
    {
      ...{ maxInFlight: 3, ordered: false, retryHere: false, onFree: () => told.push('free') },
      onError: (error) => errors.push(error),
      ...options,
    },
  );
  return {
    ...{ consumer, running, told, errors },
    end: (verdict = ack) => running.shift()?.end(verdict),
    received: (text, key) => ({
      message: { header: noMetadata, body: new TextEncoder().encode(text), key },
      ...{ attempt: 1, publishedAt: 0 },
      settle: (verdict, attempt) => told.push(`${text} ${verdict.outcome} ${attempt}`),
      again: (attempt) => told.push(`${text} again ${attempt}`),
      giveBack: (attempt) => told.push(`${text} back ${attempt}`),
    }),
  };
}

const textOf = ({ message }: Delivery): string => new TextDecoder().decode(message.body);

describe('the consumer that broker plugins are made with', () => {
  test('counts what is undecided, and tells when a place is free', async () => {
    const { consumer, received, end, told } = consumerOf();
    for (const text of ['a', 'b', 'c']) consumer.give(received(text));
    expect(consumer.free).toBe(0);
    expect([...consumer.undecided]).toHaveLength(3);
    end();
    await eventually(() => consumer.free === 1);
    expect(told).toEqual(['a ack 1', 'free']);
  });

  test('runs one of a key at a time, in the order given, and does not hold up others', async () => {
    const { consumer, received, end, running, told } = consumerOf({ ordered: true, maxInFlight: 8 });
    for (const [text, key] of [['a1', 'a'], ['a2', 'a'], ['b1', 'b'], ['n1'], ['n2']] as const)
      consumer.give(received(text, key));
    expect(running.map(({ delivery }) => textOf(delivery))).toEqual(['a1', 'b1', 'n1', 'n2']);
    end();
    await eventually(() => expect(running.map(({ delivery }) => textOf(delivery))).toContain('a2'));
    expect(told).toEqual(['a1 ack 1', 'free']);
  });

  test('leaves a retry to the backend, or keeps it here with its place and key and counts it', async () => {
    const away = consumerOf();
    away.consumer.give(away.received('x'));
    away.end(retry);
    await eventually(() => expect(away.told).toEqual(['x retry 1', 'free']));

    const here = consumerOf({ retryHere: true, ordered: true });
    here.consumer.give(here.received('x', 'k'));
    here.consumer.give(here.received('y', 'k'));
    here.end(retry);
    await eventually(() => expect(here.running.map(({ delivery }) => delivery.attempt)).toEqual([2]));
    expect(here.running.map(({ delivery }) => textOf(delivery))).toEqual(['x']);
    expect(here.consumer.free).toBe(1);
    here.end();
    await eventually(() => expect(here.running.map(({ delivery }) => textOf(delivery))).toEqual(['y']));
    expect(here.told).toEqual(['x again 2', 'x ack 2', 'free']);
  });

  test('stop gives back what has not begun and what waits for a retry, and settles what runs', async () => {
    const { consumer, received, end, told } = consumerOf({ ordered: true, retryHere: true, maxInFlight: 9 });
    consumer.give(received('waits for its retry', 'r'));
    end({ outcome: 'retry', delayMs: 60_000 });
    consumer.give(received('runs', 'k'));
    consumer.give(received('waits', 'k'));
    await eventually(() => [...consumer.undecided].length === 3);
    await new Promise((resolve) => setImmediate(resolve)); // the retry's verdict has come
    const stopping = Promise.all([consumer.stop(), consumer.stop()]);
    expect(told).toEqual(['waits for its retry back 1', 'waits back 1']);
    expect(consumer.free).toBe(0);
    consumer.give(received('late'));
    end(retry);
    await stopping;
    expect(told.slice(2)).toEqual(['late back 1', 'runs retry 1']);
  });

  test('stop waits no longer than its signal, and the verdict counts for nothing then', async () => {
    const { consumer, received, end, running, told } = consumerOf();
    consumer.give(received('stuck'));
    const { signal } = running[0]?.delivery ?? {};
    await consumer.stop(AbortSignal.abort());
    expect(told).toEqual(['stuck back 1']);
    expect(signal?.aborted).toBe(true);
    end();
    await new Promise((resolve) => setImmediate(resolve));
    expect(told).toEqual(['stuck back 1']);
  });

  test('what the backend takes away is aborted and settled no more; the rest stays', async () => {
    const { consumer, received, running, told } = consumerOf({ ordered: true, maxInFlight: 9 });
    for (const text of ['one', 'two', 'three']) consumer.give(received(text, 'k'));
    consumer.give(received('other', 'o'));
    const [first, other] = running;
    consumer.drop(({ message }) => message.key === 'k');
    expect(first?.delivery.signal?.aborted).toBe(true);
    expect(other?.delivery.signal?.aborted).toBe(false);
    first?.end(ack);
    other?.end(ack);
    await eventually(() => expect(told).toEqual(['free', 'other ack 1', 'free']));
    expect(running).toHaveLength(2);
  });

  test('a handler that rejects against its contract is told of and tried again, not at once', async () => {
    const errors: MicroError[] = [];
    const settled: Verdict[] = [];
    const consumer = makeConsumer(
      () => {
        throw new MicroError('internal', 'broken');
      },
      {
        ...{ maxInFlight: 1, ordered: false, retryHere: false, onFree: () => undefined },
        onError: (error) => errors.push(error),
      },
    );
    const { received } = consumerOf();
    consumer.give({ ...received('x'), settle: (verdict) => settled.push(verdict) });
    await eventually(() => settled.length === 1);
    expect(settled).toEqual([{ outcome: 'retry', delayMs: 1_000 }]);
    expect(errors.map(({ message }) => message)).toEqual(['broken']);
  });
});
