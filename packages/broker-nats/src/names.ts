import { createHash } from 'node:crypto';

/**
 * The subject of a topic: the topic itself wherever NATS can spell it, so that Go's services meet us there. What NATS
 * reads otherwise (wildcards, empty parts, blanks, the server's own names) is percent-encoded, and so is the percent
 * sign; a name beyond what a protocol line holds ends in its hash.
 */
export function subjectOf(topic: string): string {
  const subject = topic
    .replace(/[%\s\p{Cc}\p{Cs}]/gu, encode)
    .replace(/^[$]|^_(?=INBOX\.)/, encode)
    .replace(/(?<=^|\.)[*>](?=\.|$)/g, encode)
    .replace(/^\.|\.(?=\.)|\.$/g, encode);
  if (Buffer.byteLength(subject) <= longestSubject) return subject;
  return `${Buffer.from(subject).subarray(0, 100).toString('latin1').replace(/[^\w]/g, '_')}%${hashOf(subject)}`;
}

/** A line of the protocol has at most 4,096 bytes (the server's max_control_line), and holds a reply's subject too. */
const longestSubject = 1_000;

function encode(text: string): string {
  return [...Buffer.from(text)]
    .map((byte) => `%${byte.toString(16).padStart(2, '0').toUpperCase()}`)
    .join('');
}

/**
 * A name for a stream or a consumer: these have no dots, blanks, wildcards or slashes, and become file names on the
 * server. Readable where it can be, and different for different texts.
 */
export function nameOf(text: string): string {
  const plain = text.replace(/[^\w-]/g, '_').slice(0, 64);
  return plain === text ? text : `${plain}-${hashOf(text).slice(0, 16)}`;
}

function hashOf(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}
