import { type Broker, MicroError, type Verdict } from '@micro/core';

/** What a member in a process of its own does: it comes as JSON in its first argument. */
export interface MemberOrder {
  /** Handed to the function that makes the broker. */
  readonly address: string;
  readonly topic: string;
  readonly queue: string;
  readonly maxInFlight: number;
  /** How long a handler takes, in ms; undefined: it never ends. */
  readonly handlerMs: number | undefined;
}

/** What it tells its parent. */
export type MemberNews =
  | { readonly type: 'ready' }
  | { readonly type: 'handled'; readonly texts: readonly string[] }
  | { readonly type: 'memory'; readonly rss: number }
  | { readonly type: 'error'; readonly message: string };

/**
 * A subscriber for fault suites, to be called by a module that the suite forks. It tells each event before it
 * acknowledges it, so that an event which nobody has told of was acknowledged by nobody. A message `stop` stops it.
 */
export async function runMember(create: (address: string) => Broker): Promise<void> {
  const order: MemberOrder = JSON.parse(process.argv[2] ?? '');
  const broker = create(order.address);
  const tell = (news: MemberNews): Promise<void> =>
    new Promise((resolve) => {
      process.send?.(news, undefined, undefined, () => resolve());
    });
  const telling = makeTelling((texts) => tell({ type: 'handled', texts }));

  async function deliver({ message }: { readonly message: { readonly body: Uint8Array } }): Promise<Verdict> {
    if (order.handlerMs === undefined) return new Promise(() => undefined);
    if (order.handlerMs > 0) await new Promise((resolve) => setTimeout(resolve, order.handlerMs));
    await telling(new TextDecoder().decode(message.body.subarray(0, 32)));
    return { outcome: 'ack' };
  }

  const subscription = await broker.subscribe(order.topic, deliver, {
    ...{ queue: order.queue, durable: broker.features.has('durable'), start: 'new', ordered: false },
    ...{ maxInFlight: order.maxInFlight, ackWaitMs: 30_000 },
    onError: (error) => void tell({ type: 'error', message: MicroError.from(error).message }),
  });
  const watching = setInterval(() => void tell({ type: 'memory', rss: process.memoryUsage.rss() }), 100);
  const stopped = new Promise<void>((resolve) => {
    process.on('message', () => resolve());
  });
  await tell({ type: 'ready' });
  await stopped;
  clearInterval(watching);
  await subscription.stop();
  await broker.close();
  process.disconnect();
}

/** Tells texts together: one message to the parent for all of a turn of the event loop. */
function makeTelling(tell: (texts: readonly string[]) => Promise<void>): (text: string) => Promise<void> {
  let texts: string[] = [];
  let told: Promise<void> | undefined;
  return (text) => {
    texts.push(text);
    told ??= new Promise<void>((resolve) => setImmediate(resolve)).then(() => {
      const telling = texts;
      texts = [];
      told = undefined;
      return tell(telling);
    });
    return told;
  };
}
