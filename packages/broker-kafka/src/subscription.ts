import { randomUUID } from 'node:crypto';
import { type Deliver, MicroError, type SubscribeOptions, type Subscription } from '@micro/core';
import { atMost, makeConsumer, pause, type Received } from '@micro/core/plugin';
import type { Admin, EachBatchPayload, KafkaMessage } from 'kafkajs';
import { type Claim, makeAssigner } from './assigner.ts';
import { type Beginning, beginningsOf } from './beginnings.ts';
import { makeClient } from './client.ts';
import { kafkaError } from './errors.ts';
import { decodeMessage, isKept } from './message.ts';
import { groupOf, topicOf } from './names.ts';
import type { Settings } from './options.ts';
import { makePartitions } from './partitions.ts';
import type { Progress } from './progress.ts';
import type { EnsureTopic } from './topics.ts';

/** What subscriptions of one broker share. */
export interface Around {
  readonly settings: Settings;
  readonly ensureTopic: EnsureTopic;
  readonly admin: () => Promise<Admin>;
}

interface Held extends Received {
  readonly partition: number;
}

/** Then the library starts the consumer anew, and so for ever. More would be in vain for a while after we have closed. */
const retry = { initialRetryTime: 50, maxRetryTime: 500, retries: 15 };
const commitMs = 200;
/** Between two questions, and while an answer is awaited. */
const askingMs = 100;
const restartMs = 1_000;
/** The library's default lets a stop wait for five seconds. */
const maxWaitTimeInMs = 200;
/** Events between the first that is not done and the newest: so many may come again after a crash. */
const mostAhead = 10_000;

/** A member of a consumer group. It has joined when this resolves, and joins again by itself after a loss. */
export async function makeSubscription(
  topic: string,
  deliver: Deliver,
  options: SubscribeOptions,
  { settings, ensureTopic, admin: adminOf }: Around,
): Promise<Subscription> {
  const { queue, maxInFlight, ordered, onError } = options;
  const { sessionMs } = settings;
  const name = topicOf(topic);
  const group = queue === undefined ? `all-${randomUUID()}` : groupOf(queue, name);
  const heartbeatMs = Math.max(100, Math.round(sessionMs / 10));
  const stopped = new AbortController();
  const rebalanceTimeout = 2 * sessionMs;
  const client = makeClient(
    settings,
    { ...retry, restartOnFailure: async () => !stopped.signal.aborted },
    rebalanceTimeout + settings.timeoutMs,
  );
  const kafka = client.kafka.consumer({
    ...{ groupId: group, sessionTimeout: sessionMs, heartbeatInterval: heartbeatMs },
    ...{ rebalanceTimeout, maxWaitTimeInMs, allowAutoTopicCreation: false },
    partitionAssigners: [makeAssigner(claim)],
  });
  let room: (() => void) | undefined;
  let aliveAt: number | undefined;
  let leaving: Promise<void> | undefined;
  let assignment = 0;
  let hasJoined = false;
  const consumer = makeConsumer<Held>(deliver, {
    ...{ maxInFlight, ordered, onError },
    retryHere: true, // Kafka delivers nothing again: it keeps one number a partition
    onFree: () => room?.(),
  });
  const admin = await adminOf();
  await ensureTopic(name);
  const beginnings = await beginningsOf(admin, name, group, options);
  const partitions = makePartitions({
    ...{ kafka, admin, topic: name, group, beginnings },
    onLost: (lost) => consumer.drop(({ partition }) => partition === lost),
  });

  function claim(): Claim {
    const busy = [...new Set([...consumer.undecided].map(({ partition }) => partition))];
    return { busy, held: partitions.held, leaving: stopped.signal.aborted };
  }

  function give(message: KafkaMessage, partition: number, progress: Progress): void {
    const offset = Number(message.offset);
    const attempt = progress.begin(offset);
    if (attempt === undefined) return; // another member had done it
    const done = (): void => progress.done(offset);
    if (offset < (partitions.beginning(partition)?.keptBefore ?? 0) && !isKept(message)) {
      done();
      return;
    }
    try {
      consumer.give({
        ...{ partition, attempt, message: decodeMessage(message), publishedAt: Number(message.timestamp) },
        settle: ({ outcome }) => outcome === 'ack' && done(),
        again: (attempt) => progress.again(offset, attempt),
        giveBack: (attempt) => progress.again(offset, attempt),
      });
    } catch (error) {
      onError(MicroError.from(error));
      done();
    }
  }

  /** Waits for a place, and shows meanwhile that we live. False: what comes is not ours any more. */
  async function makeRoom(
    { heartbeat, isRunning, isStale }: EachBatchPayload,
    progress: Progress,
  ): Promise<boolean> {
    while (isRunning() && !isStale() && !stopped.signal.aborted) {
      if (consumer.free > 0 && progress.ahead < mostAhead) return true;
      const over = new AbortController();
      await Promise.race([pause(heartbeatMs, over.signal, true), new Promise<void>((free) => (room = free))]);
      over.abort();
      await heartbeat();
    }
    return false;
  }

  async function eachBatch(payload: EachBatchPayload): Promise<void> {
    const { batch, resolveOffset, heartbeat } = payload;
    const { partition } = batch;
    const progress = partitions.get(partition);
    if (progress === undefined) return pause(askingMs, stopped.signal, true); // where to begin is still being asked
    if (isOfNoInterest(batch.messages[0], partitions.beginning(partition), progress)) {
      partitions.skipTo(partition, partitions.beginning(partition)?.keptBefore ?? 0);
      return;
    }
    for (const message of batch.messages) {
      if (Number(message.offset) < progress.next) continue;
      if (!(await makeRoom(payload, progress))) return;
      if (partitions.get(partition) !== progress) return;
      give(message, partition, progress);
      resolveOffset(message.offset);
    }
    await heartbeat();
  }

  const running = { autoCommit: false, eachBatchAutoResolve: false, eachBatch };

  function live(): void {
    aliveAt = performance.now();
  }

  function watch(): void {
    if (aliveAt === undefined || performance.now() - aliveAt < silentMs) return;
    aliveAt = undefined;
    onError(new MicroError('unavailable', `kafka: nothing heard from the servers for ${silentMs} ms`));
  }
  const silentMs = Math.max(3_000, 3 * heartbeatMs);

  const joined = new Promise<void>((resolve, reject) => {
    kafka.on(kafka.events.GROUP_JOIN, ({ payload }) => {
      live();
      void assign(payload.memberId, payload.memberAssignment[name] ?? []).then(resolve);
    });
    kafka.on(kafka.events.CRASH, ({ payload: { error, restart } }) => {
      aliveAt = undefined;
      onError(kafkaError(error, `the subscription of ${topic}`));
      if (restart) return;
      reject(error);
      if (hasJoined) void startAgain();
    });
  });
  joined.then(
    () => {
      hasJoined = true;
    },
    () => undefined, // told below
  );

  /** What the library takes for final is not: a server that is just back says strange things. */
  async function startAgain(): Promise<void> {
    for (;;) {
      await pause(restartMs, stopped.signal, true);
      if (stopped.signal.aborted) return;
      try {
        await kafka.connect();
        return await kafka.run(running);
      } catch (error) {
        onError(kafkaError(error, `the subscription of ${topic}`));
      }
    }
  }

  /** Asks where to go on until the server has told, or the group has changed again. Never rejects. */
  async function assign(memberId: string, given: readonly number[]): Promise<void> {
    const mine = ++assignment;
    while (mine === assignment) {
      try {
        await partitions.assign(memberId, given);
        return await partitions.commit(); // pins where a new group begins
      } catch (error) {
        onError(kafkaError(error, `where to go on in ${name}`)); // just back, it may not know yet
      }
      if (stopped.signal.aborted) return;
      await pause(askingMs, stopped.signal, true);
    }
  }
  kafka.on(kafka.events.FETCH, live);
  kafka.on(kafka.events.HEARTBEAT, live);
  kafka.on(kafka.events.REBALANCING, () => partitions.commit());
  const committing = setInterval(() => void partitions.commit(), commitMs);
  const watching = setInterval(watch, 500);

  async function leave(): Promise<void> {
    kafka.pause([{ topic: name }]);
    room?.();
    await consumer.stop();
    await atMost(partitions.commit(), settings.timeoutMs);
    await end();
    if (queue === undefined) await atMost(admin.deleteGroups([group]), settings.timeoutMs);
  }

  async function end(): Promise<void> {
    clearInterval(committing);
    clearInterval(watching);
    await atMost(kafka.disconnect(), settings.timeoutMs).catch(() => undefined); // the server is away: it will notice
    client.destroy();
  }

  try {
    await kafka.connect();
    await kafka.subscribe({ topic: name, fromBeginning: true });
    await kafka.run(running);
    await joined;
  } catch (error) {
    stopped.abort();
    await end();
    throw kafkaError(error, `subscribing to ${name}`);
  }
  return {
    topic,
    get active() {
      return aliveAt !== undefined && !stopped.signal.aborted;
    },
    async stop({ signal } = {}) {
      stopped.abort();
      leaving ??= leave().catch((error: unknown) =>
        onError(kafkaError(error, `ending the subscription of ${topic}`)),
      );
      await consumer.stop(signal);
      await leaving;
    },
  };
}

/** A topic whose oldest message was kept for nobody holds nothing for the first queue. */
function isOfNoInterest(
  oldest: KafkaMessage | undefined,
  beginning: Beginning | undefined,
  { next }: Progress,
): boolean {
  if (oldest === undefined || beginning === undefined || next !== beginning.offset) return false;
  return Number(oldest.offset) < beginning.keptBefore && !isKept(oldest);
}
