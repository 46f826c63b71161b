import type { Msg } from '@nats-io/transport-node';

/** What JetStream says of a message it delivers, in the subject for its acknowledgement (NATS ADR-15). */
export interface Delivered {
  readonly attempt: number;
  /** Its number in the stream. */
  readonly sequence: number;
  readonly publishedAt: number;
}

/**
 * `$JS.ACK.<stream>.<consumer>.<delivered>.<stream sequence>.<consumer sequence>.<time in ns>.<pending>`; with domain
 * and account hash behind `ACK` there are two parts more, and perhaps one at the end.
 */
export function deliveredOf({ reply = '' }: Msg): Delivered | undefined {
  const parts = reply.split('.');
  if (!reply.startsWith('$JS.ACK.') || parts.length < 9) return undefined;
  const at = parts.length === 9 ? 4 : 6;
  return {
    attempt: Number(parts[at]) || 1,
    sequence: Number(parts[at + 1]) || 0,
    publishedAt: Math.floor(Number(parts[at + 3]) / 1_000_000) || Date.now(),
  };
}
