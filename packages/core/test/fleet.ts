import { afterEach } from '@jest/globals';
import { eventually } from '@micro/conformance';
import {
  type ClientOptions,
  createClient,
  createService,
  type MicroClient,
  type Service,
  type ServiceOptions,
} from '../src/index.ts';

const open: (() => Promise<void>)[] = [];

afterEach(async () => {
  for (const close of open.splice(0).reverse()) await close();
});

/** Closed after the test, the last one first. */
export function later(close: () => Promise<void>): void {
  open.push(close);
}

let networks = 0;

/** Memory plugins that nobody else uses. */
export function network(): { readonly [K in 'registry' | 'transport' | 'broker']: object } & ClientOptions {
  const memory = { network: `core-test-${++networks}` };
  return { registry: { memory }, transport: { memory }, broker: { memory }, env: {} };
}

/** A service that is stopped after the test; not started. */
export function service(options: Partial<ServiceOptions>): Service {
  const made = createService({ name: 'greeter', env: {}, leaveMs: 0, ...options });
  later(() => made.stop().catch(() => undefined)); // a test that makes it fail has looked at it
  return made;
}

export function client(options: ClientOptions): MicroClient {
  const made = createClient({ env: {}, ...options });
  later(() => made.close());
  return made;
}

/** A promise and how to settle it. */
export function deferred<T = void>(): {
  readonly promise: Promise<T>;
  readonly resolve: (value: T) => void;
  readonly reject: (error: unknown) => void;
} {
  let resolve: (value: T) => void = () => undefined;
  let reject: (error: unknown) => void = () => undefined;
  const promise = new Promise<T>((yes, no) => {
    resolve = yes;
    reject = no;
  });
  return { promise, resolve, reject };
}

/** Resolves when the count has not changed for some turns of the event loop. */
export async function still(count: () => number): Promise<void> {
  let before = -1;
  let same = 0;
  await eventually(() => {
    const now = count();
    same = now === before ? same + 1 : 0;
    before = now;
    return same > 3;
  });
}
