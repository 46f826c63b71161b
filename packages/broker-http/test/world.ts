import {
  type Broker,
  createService,
  type Deliver,
  type MicroError,
  type Service,
  type ServiceOptions,
  type SubscribeOptions,
  type Verdict,
} from '@micro/core';
import '../src/index.ts';
import type { HttpBrokerOptions } from '../src/index.ts';

let networks = 0;
/** A registry of its own for each test. */
export function network(): string {
  return `broker-http-${process.pid}-${++networks}`;
}

/** A service, not started, whose broker is the one under test. Closing the broker closes both. */
export function brokerOf(of: string, options: HttpBrokerOptions = {}): { broker: Broker; service: Service } {
  const registry: ServiceOptions['registry'] = { memory: { network: of } };
  const service = createService({ name: 'test', registry, broker: { http: options } });
  const broker = service.plugin('broker');
  return { service, broker };
}

const acked: Verdict = { outcome: 'ack' };

export function subscribing(options: Partial<SubscribeOptions> = {}): SubscribeOptions {
  return {
    ...{ queue: undefined, durable: false, start: 'new', maxInFlight: 64, ordered: false, ackWaitMs: 30_000 },
    onError: () => undefined,
    ...options,
  };
}

/** What a subscriber has seen: texts, headers, and what could not be read. */
export function inbox(handle: (text: string) => Promise<Verdict> = async () => acked): {
  readonly texts: string[];
  readonly headers: Readonly<Record<string, string>>[];
  readonly errors: MicroError[];
  readonly deliver: Deliver;
  readonly onError: (error: MicroError) => void;
} {
  const texts: string[] = [];
  const headers: Readonly<Record<string, string>>[] = [];
  const errors: MicroError[] = [];
  return {
    ...{ texts, headers, errors },
    onError: (error) => errors.push(error),
    deliver({ message }) {
      const text = new TextDecoder().decode(message.body);
      texts.push(text);
      headers.push(message.header);
      return handle(text);
    },
  };
}

export function message(
  text: string,
  header: Readonly<Record<string, string>> = {},
): {
  readonly header: Readonly<Record<string, string>>;
  readonly body: Uint8Array;
} {
  return {
    header: { 'content-type': 'application/json', 'micro-id': '0b4c2f6e', ...header },
    body: new TextEncoder().encode(text),
  };
}
