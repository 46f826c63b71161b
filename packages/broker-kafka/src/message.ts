import type { Message } from '@micro/core';
import { decodeEnvelope, encodeEnvelope } from '@micro/core/plugin';
import type { KafkaMessage, Message as Outgoing } from 'kafkajs';

/** Marks what waits for the first queue. */
const keptHeader = 'micro-kept';

/** go-micro's envelope is the value. The key is Kafka's own, and decides the partition. */
export function encodeMessage(topic: string, message: Message, kept: boolean): Outgoing {
  const value = encodeEnvelope(topic, message);
  return { value, key: message.key ?? null, ...(kept && { headers: { [keptHeader]: '1' } }) };
}

/** Throws `bad_request` for what is no envelope. */
export function decodeMessage({ key, value }: KafkaMessage): Message {
  const message = decodeEnvelope(value ?? new Uint8Array());
  return key === null ? message : { ...message, key: key.toString() };
}

export function isKept({ headers }: KafkaMessage): boolean {
  return headers?.[keptHeader] !== undefined;
}
