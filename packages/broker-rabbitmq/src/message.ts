import type { Message } from '@micro/core';
import { spellHeader } from '@micro/core/plugin';
import type { ConsumeMessage, Options } from 'amqplib';

// Ours, beside go-micro's headers
const keyName = 'Micro-Key';
const attemptName = 'micro-attempt';
/** What RabbitMQ adds when a message has been in a queue of retries, and when it is delivered again. */
const added = /^x-(death|delivery-count|acquired-count|(first|last)-death-.*)$/;

/** go-micro's headers and body; the properties are those that a durable broker needs. */
export function encodeMessage(topic: string, { header, key }: Message): Options.Publish {
  const headers: Record<string, string> = {};
  // The library reads headers into an object with a prototype: the one name that would vanish is spelled otherwise
  for (const [name, value] of Object.entries(spellHeader(topic, header)))
    headers[name === '__proto__' ? '__Proto__' : name] = value;
  if (key !== undefined) headers[keyName] = key;
  return { headers, persistent: true, timestamp: Math.floor(Date.now() / 1_000) };
}

/** Names in lower case; what Go sends, numbers and all, as text. */
export function decodeMessage({ content, properties }: ConsumeMessage): Message {
  const header: Record<string, string> = Object.create(null);
  let key: string | undefined;
  for (const [name, value] of Object.entries(properties.headers ?? {})) {
    if (name === keyName) key = String(value);
    else if (name !== attemptName && !added.test(name) && isPlain(value))
      header[name.toLowerCase()] = String(value);
  }
  return Object.freeze({ header: Object.freeze(header), body: content, key });
}

/** A table or a list of headers is no text. */
function isPlain(value: unknown): boolean {
  return ['string', 'number', 'boolean', 'bigint'].includes(typeof value);
}

/** 1 the first time: what was counted before it was put aside, and how often it was given back since. */
export function attemptOf({ fields, properties }: ConsumeMessage): number {
  const headers = properties.headers ?? {};
  const before = Number(headers[attemptName]) || 0;
  const returned = Number(headers['x-delivery-count']) || 0;
  return before + Math.max(returned, fields.redelivered ? 1 : 0) + 1;
}

/** The same message, as it is put aside after the attempt. */
export function againAfter(attempt: number, { properties }: ConsumeMessage): Options.Publish {
  const headers: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(properties.headers ?? {}))
    if (!added.test(name)) headers[name] = value;
  const { contentType, contentEncoding, correlationId, replyTo, messageId, timestamp, type, appId } =
    properties;
  const kept = { contentType, contentEncoding, correlationId, replyTo, messageId, timestamp, type, appId };
  return { ...kept, headers: { ...headers, [attemptName]: attempt }, persistent: true };
}

export function publishedAt({ properties }: ConsumeMessage): number {
  const seconds = Number(properties.timestamp);
  return seconds > 0 ? seconds * 1_000 : Date.now();
}
