import { randomUUID } from 'node:crypto';
import {
  type Deliver,
  isMicroError,
  MicroError,
  type SubscribeOptions,
  type Subscription,
} from '@micro/core';
import { atMost, makeConsumer, pause } from '@micro/core/plugin';
import type { Msg } from '@nats-io/transport-node';
import { givenBack, makeAcknowledgements } from './acknowledgements.ts';
import { deliveredOf } from './delivered.ts';
import { makeHoldings } from './holdings.ts';
import type { JetStream } from './jetstream.ts';
import { nameOf, subjectOf } from './names.ts';
import type { Settings } from './options.ts';
import { makePulls, type Pulls } from './pulls.ts';
import { join, leave, type Position } from './queue.ts';
import type { Sessions } from './session.ts';
import type { Streams } from './streams.ts';

/** What subscriptions of one broker share. */
export interface Around {
  readonly sessions: Sessions;
  readonly settings: Settings;
  readonly jetstream: JetStream;
  readonly streams: Streams;
}

/** What there is while a subscription is attached to its stream. */
interface Attached {
  readonly position: Position;
  readonly pulls: Pulls;
}

const leastPauseMs = 100;
const longestPauseMs = 1_000;

/** Subscribes to a topic's stream. Attached when it resolves, and after a loss attached again by itself. */
export async function streamSubscription(
  topic: string,
  deliver: Deliver,
  options: SubscribeOptions,
  { sessions, settings, jetstream, streams }: Around,
): Promise<Subscription> {
  const { queue, maxInFlight, ordered, onError } = options;
  const subject = subjectOf(topic);
  const name = queue === undefined ? `=all-${randomUUID()}` : nameOf(queue);
  const stopped = new AbortController();
  const acknowledgements = makeAcknowledgements(sessions);
  const late: string[] = []; // what came after the stop
  let attached: Attached | undefined;
  let last: number | undefined; // the newest message that has come
  let recovering: Promise<void> | undefined;
  let leaving: Promise<void> | undefined;
  let ended: Promise<void> | undefined;

  const consumer = makeConsumer(deliver, {
    ...{ maxInFlight, ordered, onError, onFree: pump },
    retryHere: queue === undefined, // nobody else could take it, and here it keeps its place in the order
  });
  const holdings = makeHoldings(consumer, acknowledgements, onError);

  /** Asks once there is room for half of what may be in flight: one request for many messages. */
  function pump(): void {
    if (attached === undefined || stopped.signal.aborted) return;
    const { pulls, position } = attached;
    const room = consumer.free - pulls.asked;
    if (room > 0 && (pulls.asked === 0 || room * 2 >= maxInFlight))
      pulls.pull(`${jetstream.prefix}.CONSUMER.MSG.NEXT.${position.stream}.${position.name}`, room);
  }

  function receive(msg: Msg): void {
    const { reply } = msg;
    const delivered = deliveredOf(msg);
    if (delivered === undefined || reply === undefined) return; // it comes from no stream: a stranger sent it
    const { sequence } = delivered;
    if (stopped.signal.aborted) {
      late.push(reply);
      return;
    }
    last = Math.max(last ?? 0, sequence);
    holdings.take(msg, reply, delivered);
    pump();
  }

  /** Now and then: keeps what is with handlers ours, and looks whether the server is still there. */
  function tick(): void {
    const { position, pulls } = attached ?? {};
    holdings.remind((position?.ackWaitMs ?? settings.redeliverAfterMs) / 3);
    pulls?.check();
  }

  async function attach(): Promise<void> {
    const { client } = await sessions.open(options.signal);
    const wanted = { ...options, name, subject, redeliverAfterMs: settings.redeliverAfterMs, after: last };
    const position = await join(jetstream, await streams.of(subject), wanted).catch((error: unknown) => {
      if (isMicroError(error, 'not_found')) streams.forget(subject); // deleted: the next attempt makes it again
      throw error;
    });
    const pulls = makePulls(client, { onMessage: receive, onOver: pump, onLost: lose });
    attached = { position, pulls };
    acknowledgements.resend();
    pump();
  }

  function lose(error: MicroError): void {
    const { pulls } = attached ?? {};
    attached = undefined;
    void pulls?.end(false);
    if (stopped.signal.aborted) return;
    if (recovering === undefined) onError(error);
    recovering ??= recover();
  }

  async function recover(): Promise<void> {
    const { signal } = stopped;
    for (let wait = leastPauseMs; attached === undefined; wait = Math.min(2 * wait, longestPauseMs)) {
      await pause(wait * (0.5 + Math.random() / 2), signal, true);
      if (signal.aborted) break;
      await attach().catch((error: unknown) => {
        if (!isMicroError(error, 'unavailable')) onError(MicroError.from(error));
      });
    }
    recovering = undefined;
  }

  /** Nothing comes any more when it resolves: only then may anything be given back, or it would come to us again. */
  async function stopPulling(): Promise<void> {
    stopped.abort();
    unwatch();
    await recovering;
    if (attached !== undefined)
      await atMost(attached.pulls.end(sessions.current !== undefined), settings.timeoutMs);
    for (const reply of late) acknowledgements.say(reply, givenBack);
  }

  async function end(): Promise<void> {
    await leaving;
    await consumer.stop();
    clearInterval(ticking);
    const { position } = attached ?? {};
    if (sessions.current === undefined) return;
    await atMost(sessions.current.flush.until(subject), settings.timeoutMs); // the verdicts are there
    if (queue === undefined && position !== undefined) await leave(jetstream, position);
  }

  await attach();
  const unwatch = sessions.onLost(lose);
  const ticking = setInterval(tick, Math.min(1_000, settings.redeliverAfterMs / 6)).unref();
  return {
    topic,
    get active() {
      return attached !== undefined && !stopped.signal.aborted;
    },
    async stop({ signal } = {}) {
      leaving ??= stopPulling();
      ended ??= end().catch((error: unknown) => onError(MicroError.from(error)));
      await leaving;
      await consumer.stop(signal);
      await ended;
    },
  };
}
