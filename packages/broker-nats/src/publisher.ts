import { type Message, MicroError } from '@micro/core';
import { abortable, checkSignal } from '@micro/core/plugin';
import { NoResponders } from './errors.ts';
import { readReply } from './jetstream.ts';
import { encodeMessage } from './message.ts';
import { subjectOf } from './names.ts';
import type { Settings } from './options.ts';
import type { Session, Sessions } from './session.ts';
import type { Streams } from './streams.ts';

/** Sends messages and waits for the server's word. */
export type Publish = (
  topic: string,
  messages: readonly Message[],
  signal: AbortSignal | undefined,
) => Promise<void>;

/** Of one batch at once on the way: more would only wait in the socket. */
const window = 512;
const confirmedError = Buffer.from('"error"');

/** `streams`: each message is confirmed by its stream; without, the server confirms that it has taken what was sent. */
export function makePublish(sessions: Sessions, settings: Settings, streams: Streams | undefined): Publish {
  let unconfirmed = 0;

  return async (topic, messages, signal) => {
    const session = await sessions.open(signal);
    if (unconfirmed > 0 && unconfirmed + messages.length > settings.maxUnconfirmed)
      throw new MicroError('overloaded', `nats: ${unconfirmed} messages wait for their confirmation`);
    unconfirmed += messages.length;
    const send = streams === undefined ? sendPlainly : sendToStream;
    try {
      for (let at = 0; at < messages.length; at += window) {
        checkSignal(signal);
        await abortable(send(session, topic, messages.slice(at, at + window)), signal);
      }
    } finally {
      unconfirmed -= messages.length;
    }
  };

  async function sendToStream(session: Session, topic: string, messages: readonly Message[]): Promise<void> {
    const subject = subjectOf(topic);
    await streams?.of(subject);
    await Promise.all(messages.map((message) => one(session, topic, subject, message)));
  }

  async function one(session: Session, topic: string, subject: string, message: Message): Promise<void> {
    const { payload, headers } = encodeMessage(topic, message);
    checkSize(session, payload);
    const ask = (): Promise<Uint8Array> => session.requests.send(subject, payload, headers);
    const reply = await ask().catch(async (error: unknown) => {
      if (!(error instanceof NoResponders)) throw error;
      streams?.forget(subject); // it was deleted, or its server lost it: nobody has taken the message
      await streams?.of(subject);
      return ask();
    });
    if (Buffer.from(reply.buffer, reply.byteOffset, reply.byteLength).includes(confirmedError))
      readReply(reply, `publishing to ${subject}`);
  }

  async function sendPlainly(session: Session, topic: string, messages: readonly Message[]): Promise<void> {
    const subject = subjectOf(topic);
    for (const message of messages) {
      const { payload, headers } = encodeMessage(topic, message);
      checkSize(session, payload);
      session.client.publish(subject, payload, headers && { headers });
    }
    await session.flush.until(subject);
  }
}

function checkSize({ client }: Session, payload: Uint8Array): void {
  const most = client.info?.max_payload ?? Number.POSITIVE_INFINITY;
  if (payload.byteLength <= most) return;
  const size = `${payload.byteLength} bytes on the wire, the server takes ${most} (max_payload)`;
  throw new MicroError('too_large', `nats: the message has ${size}`);
}
