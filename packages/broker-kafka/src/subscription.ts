import { randomUUID } from 'node:crypto';
import type { Deliver, SubscribeOptions, Subscription } from '@micro/core';
import { abortable, atMost, pause } from '@micro/core/plugin';
import type { Admin } from 'kafkajs';
import { type Claim, makeAssigner } from './assigner.ts';
import { beginningsOf } from './beginnings.ts';
import { makeClient } from './client.ts';
import { kafkaError } from './errors.ts';
import { makeIntake } from './intake.ts';
import { makeLiveness } from './liveness.ts';
import { groupOf, topicOf } from './names.ts';
import { leavingMs, type Settings } from './options.ts';
import { makePartitions } from './partitions.ts';
import type { EnsureTopic } from './topics.ts';

/** What subscriptions of one broker share. */
export interface Around {
  readonly settings: Settings;
  readonly ensureTopic: EnsureTopic;
  readonly admin: () => Promise<Admin>;
  /** Aborts when the broker closes: who has not joined by then does not wait for it. */
  readonly closed: AbortSignal;
}

/** Then the library starts the consumer anew, and so for ever. */
const retry = { initialRetryTime: 50, maxRetryTime: 500, retries: 15 };
const commitMs = 200;
/** Between two questions where to begin. */
const askingMs = 100;
const restartMs = 1_000;
/** The library's default lets a stop wait for five seconds. */
const maxWaitTimeInMs = 200;

/** A member of a consumer group. It has joined when this resolves, and joins again by itself after a loss. */
export async function makeSubscription(
  topic: string,
  deliver: Deliver,
  options: SubscribeOptions,
  { settings, ensureTopic, admin: adminOf, closed }: Around,
): Promise<Subscription> {
  const { queue, onError } = options;
  const { sessionMs, goQueues } = settings;
  const name = topicOf(topic);
  const group = queue === undefined ? `all-${randomUUID()}` : groupOf(queue, name, goQueues);
  const admin = await adminOf();
  await ensureTopic(name);
  const beginnings = await beginningsOf(admin, name, group, options, goQueues);

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
    partitionAssigners: [makeAssigner({ claim, admin, goQueues })],
  });
  const { consumer, eachBatch, wake } = makeIntake(deliver, {
    ...options,
    ...{ heartbeatMs, stopped: stopped.signal },
    partitions: () => partitions,
  });
  const partitions = makePartitions({
    ...{ kafka, admin, topic: name, group, beginnings },
    onLost: (lost) => consumer.drop(({ partition }) => partition === lost),
  });
  const liveness = makeLiveness(Math.max(3_000, 3 * heartbeatMs), onError);
  const running = { autoCommit: false, eachBatchAutoResolve: false, eachBatch };
  let leaving: Promise<void> | undefined;
  let assignment = 0;
  let hasJoined = false;

  function claim(): Claim {
    const busy = [...new Set([...consumer.undecided].map(({ partition }) => partition))];
    return { busy, held: partitions.held, leaving: stopped.signal.aborted };
  }

  const joined = new Promise<void>((resolve, reject) => {
    kafka.on(kafka.events.GROUP_JOIN, ({ payload }) => {
      liveness.live();
      void assign(payload.memberId, payload.memberAssignment[name] ?? []).then(resolve);
    });
    kafka.on(kafka.events.CRASH, ({ payload: { error, restart } }) => {
      liveness.lost();
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
  kafka.on(kafka.events.FETCH, liveness.live);
  kafka.on(kafka.events.HEARTBEAT, liveness.live);
  kafka.on(kafka.events.REBALANCING, () => partitions.commit());
  const committing = setInterval(() => void partitions.commit(), commitMs);

  async function leave(): Promise<void> {
    fetchNoMore();
    wake();
    await consumer.stop();
    await end(async () => {
      await partitions.commit();
      await kafka.disconnect();
      if (queue === undefined) await admin.deleteGroups([group]);
    });
  }

  function fetchNoMore(): void {
    try {
      kafka.pause([{ topic: name }]);
    } catch {
      // It is in no group now, and fetches nothing
    }
  }

  /** Says goodbye as far as there is time: servers that are away notice by themselves. */
  async function end(goodbye: () => Promise<void>): Promise<void> {
    clearInterval(committing);
    liveness.close();
    const said = goodbye().catch((error: unknown) => onError(kafkaError(error, `leaving ${group}`)));
    await atMost(said, leavingMs);
    client.destroy();
  }

  try {
    const joining = async (): Promise<void> => {
      await kafka.connect();
      await kafka.subscribe({ topic: name, fromBeginning: true });
      await kafka.run(running);
      await joined;
    };
    await abortable(joining(), closed);
  } catch (error) {
    stopped.abort();
    await end(() => kafka.disconnect());
    throw kafkaError(error, `subscribing to ${name}`);
  }
  return {
    topic,
    get active() {
      return liveness.alive && !stopped.signal.aborted;
    },
    async stop({ signal } = {}) {
      stopped.abort();
      leaving ??= leave();
      await consumer.stop(signal);
      await leaving;
    },
  };
}
