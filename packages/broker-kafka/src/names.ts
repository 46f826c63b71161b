import { createHash } from 'node:crypto';

const longest = 249; // Kafka's limit for names of topics

/**
 * Kafka's name for a topic: the topic itself wherever it can be (letters, digits, `.`, `_`, `-`), so that Go's
 * services meet us there; else its readable part, with a hash.
 */
export function topicOf(topic: string): string {
  const plain = topic.replace(/[^\w.-]/g, '-');
  // The library keeps topics in objects with a prototype
  const free = !/^\.{1,2}$/.test(topic) && !(topic in Object.prototype);
  if (plain === topic && topic.length <= longest && free) return topic;
  const hash = createHash('sha256').update(topic).digest('hex');
  return `${plain.slice(0, 100)}-${hash.slice(0, 32)}`;
}

/**
 * The consumer group of a queue. One for each topic, so that a change in one does not interrupt the others; go-micro
 * has one for all topics (go-micro/plugins v4: broker/kafka/kafka.go, Subscribe). No topic has a slash, so the topic
 * of a group of ours can be read.
 */
export function groupOf(queue: string, topic: string, goQueues = false): string {
  return goQueues ? queue : `${queue}${separator}${topic}`;
}

export function isGroupOf(group: string, topic: string): boolean {
  return group.endsWith(`${separator}${topic}`);
}
const separator = '/';
