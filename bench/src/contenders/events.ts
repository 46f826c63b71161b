import type { Broker, Message as EventMessage } from '@micro/core';
import type { BackendName } from '../../../scripts/backends/index.mjs';
import type { Caller, Contender, Message } from '../contender.ts';
import { ownBackend } from './backend.ts';

/** The server of an event contender: the real one, by its url. */
export function serveBackend(name: BackendName): Contender['serve'] {
  return async () => {
    const server = await ownBackend(name);
    return { address: server.url, close: () => server.close() };
  };
}

/** What publishes and consumes in one process: a call is over when its event is confirmed and handled. */
export interface Events {
  /** Resolves when it is confirmed. */
  publish(body: Uint8Array): Promise<unknown>;
  close(): Promise<void>;
}

/** `start` gets the handler, which is to be given each body, and then acknowledged. */
export async function eventCaller(
  start: (handle: (body: Uint8Array) => void) => Promise<Events>,
): Promise<Caller> {
  const waiting = new Map<number, (message: Message) => void>();
  const [encoder, decoder] = [new TextEncoder(), new TextDecoder()];
  let last = 0;
  const events = await start((body) => {
    const { id, message }: { id: number; message: Message } = JSON.parse(decoder.decode(body));
    waiting.get(id)?.(message);
    waiting.delete(id);
  });
  return {
    async call(message) {
      const id = ++last;
      const handled = new Promise<Message>((resolve) => waiting.set(id, resolve));
      await events.publish(encoder.encode(JSON.stringify({ id, message })));
      return handled;
    },
    close: () => events.close(),
  };
}

/** A broker of ours, a durable queue, and the headers that core sends. */
export function brokerEvents(broker: Broker): Promise<Caller> {
  const topic = 'bench.events';
  return eventCaller(async (handle) => {
    await broker.subscribe(
      topic,
      async ({ message }) => {
        handle(message.body);
        return { outcome: 'ack' };
      },
      {
        ...{ queue: 'bench', durable: broker.features.has('durable'), start: 'new', ordered: false },
        ...{ maxInFlight: 64, ackWaitMs: 30_000, onError: () => undefined },
      },
    );
    return {
      publish: (body) => broker.publish(topic, [{ header: headerOf(topic), body } satisfies EventMessage]),
      close: () => broker.close(),
    };
  });
}

let ids = 0;
const headerOf = (topic: string): Readonly<Record<string, string>> => ({
  'content-type': 'application/json',
  'micro-topic': topic,
  'micro-id': `0b4c2f6e-1d2a-4c3b-9e8f-${String(++ids).padStart(12, '0')}`,
});

/** The same headers as Go spells them, for who speaks its formats by hand. */
export const goHeader = (topic: string): Readonly<Record<string, string>> => {
  const { 'micro-id': id = '' } = headerOf(topic);
  return { 'Content-Type': 'application/json', 'Micro-Topic': topic, 'Micro-Id': id, 'Micro-ID': id };
};

/** go-micro's envelope, by hand. */
export function envelope(topic: string, body: Uint8Array): string {
  return JSON.stringify({ Header: goHeader(topic), Body: Buffer.from(body).toString('base64') });
}

export function bodyOf(text: string): Uint8Array {
  const { Body }: { readonly Body: string } = JSON.parse(text);
  return Buffer.from(Body, 'base64');
}
