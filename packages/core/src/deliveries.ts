import { report } from './background.ts';
import type { Delivery, Message, Verdict } from './broker.ts';
import { ambient } from './context.ts';
import { deadlines } from './deadlines.ts';
import { MicroError, PermanentError, remoteError } from './errors.ts';
import { HandlerContext } from './handler-context.ts';
import { type Metadata, mergeMetadata } from './metadata.ts';
import { compose, type EventCall } from './middleware.ts';
import { asNobody } from './nobody.ts';
import { offAbort, onAbort } from './on-abort.ts';
import { type Check, checkOf } from './schema.ts';
import type { Subscribed, Surroundings } from './subscriptions.ts';
import { type CallTrace, traced, traceEnd, traceStart } from './tracing.ts';

/** What becomes of events that fail. */
export interface Policy {
  readonly attempts: number;
  readonly deadLetter: string | false;
  readonly ackWaitMs: number;
}

const ack: Verdict = Object.freeze({ outcome: 'ack' });
const envelope = new Set(['content-type', 'micro-topic', 'micro-id']);

/** Hands events to a subscriber's handler, and decides what becomes of those that fail. */
export class Deliveries {
  private readonly subscribed: Subscribed;
  private readonly around: Surroundings;
  private readonly policy: Policy;
  private readonly check: Check | undefined;

  constructor(subscribed: Subscribed, around: Surroundings, policy: Policy) {
    this.subscribed = subscribed;
    this.around = around;
    this.policy = policy;
    this.check = checkOf(subscribed.topic.schema, `the event of ${subscribed.topic.topic}`);
  }

  /** Never rejects, and decides within `ackWaitMs`. */
  readonly deliver = (delivery: Delivery): Promise<Verdict> => asNobody(() => this.decide(delivery));

  private async decide(delivery: Delivery): Promise<Verdict> {
    const ctx = new EventContext(delivery, this.around.broker.name, this.policy.ackWaitMs);
    const trace = traced() ? traceStart(this.describe(delivery)) : undefined;
    try {
      await Promise.race([this.run(delivery.message, ctx), ctx.late]);
      if (trace !== undefined) traceEnd(trace, undefined);
      return ack;
    } catch (error) {
      if (trace !== undefined) traceEnd(trace, error);
      return await this.failed(delivery, error);
    } finally {
      ctx.finish();
    }
  }

  private async run(message: Message, ctx: EventContext): Promise<void> {
    const event = await this.read(message);
    // A check may take its time: what has been given up meanwhile must not reach the handler
    if (!ctx.cancelled) await this.handle(event, ctx);
  }

  private describe({ message }: Delivery): Omit<CallTrace, 'error'> {
    const { topic } = this.subscribed.topic;
    return {
      side: 'server',
      service: this.around.service,
      endpoint: topic,
      kind: 'event',
      metadata: message.header,
    };
  }

  private async read({ header, body }: Message): Promise<unknown> {
    const { topic } = this.subscribed;
    const contentType = header['content-type'] ?? 'application/json';
    try {
      const codec = this.around.codecs.get(contentType);
      if (codec === undefined)
        throw new MicroError('bad_request', `content type "${contentType}" is not spoken here`);
      const bound = codec.bind(topic.schema);
      const event = bound.decode(body);
      return this.check === undefined || bound.checked ? event : await this.check(event);
    } catch (error) {
      report('event.undecodable', topic.topic, error);
      throw new PermanentError('bad_request', MicroError.from(error).message, { cause: error });
    }
  }

  private async handle(event: unknown, ctx: EventContext): Promise<unknown> {
    const { handler, topic } = this.subscribed;
    const { middleware, service } = this.around;
    const run =
      middleware.length === 0
        ? handler
        : (input: unknown) => {
            const { metadata, deadline } = ctx;
            const call: EventCall = {
              ...{
                kind: 'event',
                side: 'server',
                service,
                endpoint: topic.topic,
                idempotent: true,
                metadata,
                deadline,
              },
              request: input,
              get signal() {
                return ctx.signal;
              },
              get: ctx.get.bind(ctx),
              set: ctx.set.bind(ctx),
            };
            return compose(middleware, async (last) =>
              handler(last.kind === 'event' ? last.request : input, ctx),
            )(call);
          };
    return ambient.on && this.around.ambient ? ambient.storage.run(ctx, run, event, ctx) : run(event, ctx);
  }

  private async failed(delivery: Delivery, error: unknown): Promise<Verdict> {
    const { attempts, deadLetter } = this.policy;
    const subject = `${this.around.service} ${this.subscribed.topic.topic}`;
    if (delivery.attempt < attempts && !isPermanent(error)) {
      report('event.redelivered', subject, error);
      return retryAfter(delivery.attempt);
    }
    if (deadLetter === false) {
      report('event.lost', subject, error);
      return ack;
    }
    try {
      await this.around.broker.publish(deadLetter, [this.deadLetter(delivery, error)], { keep: true });
      report('event.dead_letter', subject, error);
      return ack;
    } catch (failure) {
      report('subscription.error', subject, failure); // not lost: it stays where it is until the letter is kept
      return retryAfter(delivery.attempt);
    }
  }

  private deadLetter({ message, attempt }: Delivery, error: unknown): Message {
    const { name, message: text } =
      error instanceof Error ? error : { name: 'Error', message: MicroError.from(error).message };
    const why: Metadata = {
      'micro-dead-topic': plain(this.subscribed.topic.topic),
      'micro-dead-service': plain(this.around.service),
      'micro-dead-attempts': String(attempt),
      'micro-dead-reason': plain(`${name}: ${text}`.slice(0, 1_000)),
    };
    return { ...message, header: mergeMetadata(message.header, why) };
  }
}

/** Text that every broker takes as a header: what it refuses would keep the letter from being kept. */
function plain(text: string): string {
  return text.replace(/[\p{Cc}\p{Cs}]+/gu, ' ').trim();
}

/** The context of an event's handler. */
export class EventContext extends HandlerContext {
  /** Rejects when the handler has taken too long, or the broker has taken the event away. */
  readonly late: Promise<never>;
  private fail: (error: unknown) => void = () => undefined;
  private readonly taken: AbortSignal | undefined;
  private readonly onTaken = (): void => this.cancel(this.taken?.reason);

  constructor({ message, signal }: Delivery, broker: string, ackWaitMs: number) {
    super({
      remainingMs: ackWaitMs,
      metadata: withoutEnvelope(message.header),
      peer: { address: broker },
    });
    this.late = new Promise<never>((_, reject) => {
      this.fail = reject;
    });
    this.late.catch(() => undefined); // raced: of interest only while the handler runs
    deadlines.add(this);
    this.taken = signal;
    if (signal !== undefined) onAbort(signal, this.onTaken);
    if (signal?.aborted) this.onTaken();
  }

  override get reply(): never {
    throw new MicroError('unimplemented', 'an event has no reply');
  }

  override cancel(reason: unknown = remoteError('canceled', 'the broker has taken the event away')): void {
    if (this.cancelled) return;
    super.cancel(reason);
    this.fail(reason);
  }

  override expire(): void {
    this.cancel(remoteError('timeout', 'the handler of the event took longer than ackWaitMs'));
  }

  override finish(): void {
    super.finish();
    if (this.taken !== undefined) offAbort(this.taken, this.onTaken);
  }
}

function withoutEnvelope(header: Metadata): Metadata {
  const metadata: Record<string, string> = Object.create(null);
  for (const [key, value] of Object.entries(header)) if (!envelope.has(key)) metadata[key] = value;
  return metadata;
}

const leastDelayMs = 100;
const longestDelayMs = 30_000;

/** Never at once: what fails for one event may fail for all that follow. 100 ms, 400 ms, 1.6 s ..., jittered by a half. */
function retryAfter(attempt: number): Verdict {
  const delayMs = Math.min(leastDelayMs * 4 ** (attempt - 1), longestDelayMs);
  return { outcome: 'retry', delayMs: Math.round(delayMs * (1 + Math.random() / 2)) };
}

/** Whether trying again cannot help: a PermanentError, or an error with one as its cause. */
function isPermanent(error: unknown): boolean {
  for (let one = error, depth = 0; one instanceof Error && depth < 8; one = one.cause, depth++) {
    if ('permanent' in one && one.permanent === true) return true;
  }
  return false;
}
