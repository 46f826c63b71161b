import { pause } from '@micro/core/plugin';
import type { Admin } from 'kafkajs';
import { typeOf } from './errors.ts';
import type { Settings } from './options.ts';

/** Topics are made before they are used: the library's first subscription to one that is not there fails. */
export type EnsureTopic = (name: string) => Promise<void>;

const mostRemembered = 10_000;
const notYet: ReadonlySet<string> = new Set([
  'UNKNOWN_TOPIC_OR_PARTITION',
  'LEADER_NOT_AVAILABLE',
  'NOT_LEADER_FOR_PARTITION',
  // The library's own: who asks while an older question is under way shares its answer, of before the topic was there,
  // and the first of no partitions is taken.
  'TypeError',
]);
const never = new AbortController().signal;

type TopicAdmin = Pick<Admin, 'createTopics' | 'fetchTopicOffsets'>;

export function makeEnsureTopic(
  admin: () => Promise<TopicAdmin>,
  settings: Pick<Settings, 'partitions' | 'replicas' | 'timeoutMs'>,
): EnsureTopic {
  const known = new Map<string, Promise<void>>();

  async function make(topic: string): Promise<void> {
    const { partitions, replicas, timeoutMs } = settings;
    const made = { topic, numPartitions: partitions, replicationFactor: replicas };
    const client = await admin();
    // False when it is there already, whoever made it; it is never changed
    await client.createTopics({ topics: [made], waitForLeaders: false, timeout: timeoutMs });
    // Brokers hear of a new topic one after the other. The library's own wait (waitForLeaders) takes for an error what
    // only is not yet; where a broker can say how far a partition is, it leads it
    const giveUpAt = performance.now() + timeoutMs;
    for (let wait = 10; ; wait = Math.min(200, 2 * wait)) {
      try {
        await client.fetchTopicOffsets(topic);
        return;
      } catch (error) {
        if (performance.now() > giveUpAt || !notYet.has(typeOf(error))) throw error;
      }
      await pause(wait, never, true);
    }
  }

  return (topic) => {
    let making = known.get(topic);
    if (making === undefined) {
      if (known.size >= mostRemembered) known.clear();
      making = make(topic);
      known.set(topic, making);
      making.catch(() => known.delete(topic)); // who asked is told; who asks next is not
    }
    return making;
  };
}
