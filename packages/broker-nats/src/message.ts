import type { Message } from '@micro/core';
import { decodeEnvelope, encodeEnvelope } from '@micro/core/plugin';
import { headers, type Msg, type MsgHdrs } from '@nats-io/transport-node';

/** The key travels beside go-micro's envelope, which has no place for it. */
const keyHeader = 'Micro-Key';

export function encodeMessage(
  topic: string,
  message: Message,
): { readonly payload: Uint8Array; readonly headers: MsgHdrs | undefined } {
  const payload = encodeEnvelope(topic, message);
  if (message.key === undefined) return { payload, headers: undefined };
  const beside = headers();
  beside.set(keyHeader, encodeURIComponent(message.key));
  return { payload, headers: beside };
}

/** Throws `bad_request` for what is no envelope. */
export function decodeMessage({ data, headers }: Msg): Message {
  const message = decodeEnvelope(data);
  const key = headers?.get(keyHeader);
  return key === undefined || key === '' ? message : { ...message, key: plain(key) };
}

function plain(key: string): string {
  try {
    return decodeURIComponent(key);
  } catch {
    return key; // not written by us: any text is a key
  }
}
