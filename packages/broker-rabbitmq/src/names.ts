import { createHash } from 'node:crypto';

/** A routing key, and any name in AMQP, has at most 255 bytes. */
const longest = 200;

/**
 * The routing key of a topic: the topic itself wherever it can be, so that Go's services meet us there. Words that
 * are wildcards in a binding are percent-encoded, and so is the percent sign; a long one ends in its hash.
 */
export function keyOf(topic: string): string {
  const key = topic
    .replaceAll('%', '%25')
    .replace(/(?<=^|\.)[*#](?=\.|$)/g, (word) => (word === '*' ? '%2A' : '%23'));
  return fitting(key);
}

/** The name of a queue of a topic: a service has one queue name for many topics. */
export function queueOf(topic: string, queue: string): string {
  return fitting(`${queue}.${topic}`);
}

/** As it is, or its beginning with a hash of the whole. */
export function fitting(text: string): string {
  if (Buffer.byteLength(text) <= longest) return text;
  const start = Buffer.from(text)
    .subarray(0, 64)
    .toString('utf8')
    .replace(/\uFFFD+$/, '');
  return `${start}%${createHash('sha256').update(text).digest('hex')}`;
}
