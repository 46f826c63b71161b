import { afterEach } from '@jest/globals';
import type { Deliver, Message, MicroError, SubscribeOptions, Verdict } from '@micro/core';
import { isMicroError } from '@micro/core';

export const ack: Verdict = { outcome: 'ack' };

const open: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const close of open.splice(0).reverse()) await close();
});

/** Closes it after the test. */
export function closing<T extends { close(): Promise<unknown> }>(one: T): T {
  open.push(() => one.close());
  return one;
}

export function subscribing(options: Partial<SubscribeOptions> = {}): SubscribeOptions {
  return {
    ...{ queue: undefined, durable: false, start: 'new', maxInFlight: 64, ordered: false, ackWaitMs: 30_000 },
    onError: () => undefined,
    ...options,
  };
}

export function message(text: string, more: Partial<Message> = {}): Message {
  const header = { 'content-type': 'application/json', 'micro-id': text };
  return { header, body: new TextEncoder().encode(text), ...more };
}

/** A handler that notes what it gets. */
export function collect(into: Message[]): Deliver {
  return async ({ message }) => {
    into.push(message);
    return ack;
  };
}

export const textOf = ({ body }: Message): string => new TextDecoder().decode(body);

/** What the promise rejects with. */
export async function refused(promise: Promise<unknown>): Promise<MicroError> {
  const error: unknown = await promise.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  if (isMicroError(error)) return error;
  throw new Error(`no MicroError: ${String(error)}`);
}
