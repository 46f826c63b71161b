import { setMaxListeners } from 'node:events';
import { type LookupOptions, type Message, MicroError, report, type ServiceRecord } from '@micro/core';
import { abortError, encodeEnvelope } from '@micro/core/plugin';
import { type Member, type Members, membersOf } from './membership.ts';
import type { Settings } from './options.ts';
import { makePlaces } from './places.ts';
import { type Failure, makePoster } from './poster.ts';
import { closedError } from './waits.ts';

export interface Publisher {
  publish(topic: string, messages: readonly Message[], signal: AbortSignal | undefined): Promise<void>;
  /** Publishes under way reject. */
  close(): void;
}

type Discover = (options: LookupOptions) => Promise<readonly ServiceRecord[]>;
const nobody: Members = { all: [], queues: [] };

/** Sends messages straight to the members that `discover` tells of. */
export function makePublisher(settings: Settings, discover: Discover): Publisher {
  const { timeoutMs, maxParallel, maxWaiting, maxBodyBytes } = settings;
  const poster = makePoster(settings);
  const places = makePlaces(maxParallel, maxWaiting);
  const underway = new Set<AbortController>();
  let known: { readonly services: readonly ServiceRecord[]; readonly topics: ReadonlyMap<string, Members> } =
    {
      services: [],
      topics: new Map(),
    };

  async function members(topic: string, stop: AbortController): Promise<Members> {
    const giveUp = (): void =>
      stop.abort(
        new MicroError('unavailable', `broker http: no registry has answered within ${timeoutMs} ms`),
      );
    const timer = setTimeout(giveUp, timeoutMs);
    try {
      const services = await discover({ signal: stop.signal });
      if (services !== known.services) known = { services, topics: membersOf(services) };
      return known.topics.get(topic) ?? nobody;
    } finally {
      clearTimeout(timer);
    }
  }

  async function toEach(member: Member, topic: string, envelope: Buffer): Promise<void> {
    const failure = await poster.post(member, envelope, timeoutMs);
    if (failure === undefined) return;
    // A subscriber that is gone cannot take the event from the others
    report(failure.delivered === 'no' ? 'event.lost' : 'plugin.warning', topic, failure.error);
  }

  /** One of the queue, by chance; another only where the message cannot have been delivered. */
  async function toOne(queue: readonly Member[], envelope: Buffer, signal: AbortSignal): Promise<void> {
    const end = performance.now() + timeoutMs;
    const first = Math.floor(Math.random() * queue.length);
    let failure: Failure | undefined;
    for (let at = 0; at < queue.length; at++) {
      const left = end - performance.now();
      if (at > 0 && (left <= 0 || signal.aborted)) break;
      failure = await poster.post(queue[(first + at) % queue.length] as Member, envelope, left);
      if (failure === undefined) return;
      if (failure.delivered === 'maybe') break;
    }
    if (failure !== undefined) throw failure.error;
  }

  async function run(topic: string, messages: readonly Message[], stop: AbortController): Promise<void> {
    const { signal } = stop;
    const { all, queues } = await members(topic, stop);
    const targets = all.length + queues.length;
    if (targets === 0) return;
    let failure: { readonly error: unknown } | undefined;

    /** Made one by one: a batch is not encoded as a whole. A message that was begun goes to all. */
    function* sendings(): Generator<() => Promise<void>, void> {
      for (const message of messages) {
        if (failure !== undefined || signal.aborted) return;
        const envelope = encodeEnvelope(topic, message);
        if (envelope.byteLength > maxBodyBytes) {
          const size = `${envelope.byteLength} bytes on the wire, the bound is ${maxBodyBytes}`;
          failure = {
            error: new MicroError('too_large', `broker http: a message of "${topic}" has ${size}`),
          };
          return;
        }
        for (const member of all) yield () => toEach(member, topic, envelope);
        for (const queue of queues) yield () => toOne(queue, envelope, signal);
      }
    }
    const rest = sendings();
    async function work(): Promise<void> {
      for (let next = rest.next(); next.done !== true; next = rest.next()) {
        try {
          await place(signal);
        } catch (error) {
          failure ??= { error };
          return;
        }
        try {
          await next.value();
        } catch (error) {
          failure ??= { error };
        } finally {
          places.give();
        }
      }
    }
    const workers = Math.min(maxParallel, messages.length * targets);
    await Promise.all(Array.from({ length: workers }, work));
    if (failure !== undefined) throw failure.error;
  }

  async function place(signal: AbortSignal): Promise<void> {
    if (signal.aborted) throw signal.reason;
    let leave: () => void = () => undefined;
    const mine = await new Promise<boolean>((resolve) => {
      leave = places.take(resolve);
      signal.addEventListener('abort', leave);
    });
    signal.removeEventListener('abort', leave);
    if (mine) return;
    const text = `broker http: ${maxWaiting} messages wait to be published already`;
    throw signal.aborted ? signal.reason : new MicroError('overloaded', text);
  }

  return {
    async publish(topic, messages, signal) {
      const stop = new AbortController();
      setMaxListeners(0, stop.signal); // every worker in line is one
      const stopped = new Promise<never>((_, reject) => {
        stop.signal.addEventListener('abort', () => reject(stop.signal.reason));
      });
      const cancel = (): void => {
        if (signal !== undefined) stop.abort(abortError(signal));
      };
      signal?.addEventListener('abort', cancel);
      underway.add(stop);
      try {
        await Promise.race([stopped, run(topic, messages, stop)]);
      } finally {
        signal?.removeEventListener('abort', cancel);
        underway.delete(stop);
      }
    },
    close() {
      for (const stop of underway) stop.abort(closedError());
      poster.close();
    },
  };
}
