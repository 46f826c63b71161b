import { describe, expect, test } from '@jest/globals';
import { eventually } from '@micro/conformance';
import { type Broker, contract, memoryTransport, rpc, type Subscription, topic, type } from '../src/index.ts';
import { client, deferred, later, network, service } from './fleet.ts';
import { record, scriptedRegistry } from './scripted-registry.ts';

const text = type<string>();
const Work = contract('work', 'Work', { do: rpc({ request: text, response: text }) });
let networks = 0;

/** A service whose registry, transport and broker write down what is asked of them. */
async function watched(propagationMs: number) {
  const log: { readonly what: string; readonly at: number }[] = [];
  const note = (what: string): void => void log.push({ what, at: performance.now() });
  const memory = { network: `drain-${++networks}` };
  const inner = memoryTransport(memory);
  later(() => inner.close());
  const consumed = deferred();
  const state = { listening: true, consuming: true };
  const registry = scriptedRegistry(() => [], {
    propagationMs,
    register: async () => note('register'),
    deregister: async () => note('deregister'),
    close: async () => note('close registry'),
  });
  const broker: Broker = {
    ...{ name: 'logged', features: new Set([]), publish: async () => undefined },
    async subscribe(on): Promise<Subscription> {
      note('subscribe');
      return {
        topic: on,
        get active() {
          return state.consuming;
        },
        async stop() {
          note('stop consuming');
          await consumed.promise;
        },
      };
    },
    close: async () => note('close broker'),
  };
  const made = service({
    ...{ ...network(), name: 'work', registry, broker, leaveMs: undefined },
    transport: {
      ...inner,
      async listen(acceptor, options) {
        note('listen');
        const listener = await inner.listen(acceptor, options);
        return {
          ...listener,
          get active() {
            return state.listening;
          },
          drain() {
            note('drain');
            listener.drain();
          },
          async close(closing) {
            note('close listener');
            await listener.close(closing);
          },
        };
      },
    },
  });
  made.subscribe(topic('news', text), () => undefined);
  made.handle(Work, { do: async () => 'done' });
  await made.start();
  const timeOf = (what: string): number => log.find((one) => one.what === what)?.at ?? Number.NaN;
  const { address = '' } = made;
  const caller = client({ ...network(), transport: { memory } });
  const call = (): Promise<string> => caller.of(Work).do('', { address, retries: 0 });
  return { made, call, consumed, state, timeOf, steps: () => log.map(({ what }) => what) };
}

describe('a service', () => {
  test('listens, subscribes and only then registers', async () => {
    const { made, consumed, steps } = await watched(0);
    expect(steps()).toEqual(['listen', 'subscribe', 'register']);
    consumed.resolve();
    await made.stop();
  });

  test('is ready only while its listener and every subscription are active', async () => {
    const { made, state, consumed } = await watched(0);
    expect(made.ready).toBe(true);
    state.consuming = false;
    expect(made.ready).toBe(false);
    state.consuming = true;
    state.listening = false;
    expect(made.ready).toBe(false);
    state.listening = true;
    expect(made.ready).toBe(true);
    consumed.resolve();
  });

  test('that stops leaves first, serves who has not learnt it yet, then tells its peers, and closes what is done', async () => {
    const { made, call, consumed, timeOf, steps } = await watched(200);
    const stopping = made.stop();
    await eventually(() => steps().includes('deregister'));
    expect(steps().slice(3)).toEqual(['stop consuming', 'deregister']);
    expect(await call()).toBe('done');
    await eventually(() => steps().includes('drain'));
    expect(timeOf('drain') - timeOf('deregister')).toBeGreaterThanOrEqual(195);
    await expect(call()).rejects.toMatchObject({ code: 'unavailable', delivered: 'no' });
    expect(steps()).not.toContain('close listener'); // events are still being handled
    consumed.resolve();
    await stopping;
    expect(steps().slice(3)).toEqual(['stop consuming', 'deregister', 'drain', 'close listener']);
  });

  test('has a bound of work under way: beyond, callers are refused early and go elsewhere', async () => {
    const around = network();
    const go = deferred();
    const nodes: string[] = [];
    const registry = scriptedRegistry(() => [
      record(
        'work',
        nodes.map((address) => ({ id: address, address, metadata: {} })),
      ),
    ]);
    let running = 0;
    for (const id of ['one', 'two']) {
      const made = service({ ...around, registry, name: 'work', id, maxInFlight: 2 });
      made.handle(Work, {
        async do() {
          running++;
          await go.promise;
          return id;
        },
      });
      await made.start();
      nodes.push(made.address ?? '');
    }
    const caller = client({ ...around, registry });
    const first = nodes[0] ?? '';
    const toFirst = [1, 2].map(() => caller.of(Work).do('', { address: first }));
    await eventually(() => running === 2);
    await expect(caller.of(Work).do('', { address: first, retries: 0 })).rejects.toMatchObject({
      code: 'overloaded',
      message: 'service "work" has 2 calls under way',
      delivered: 'no',
    });
    const elsewhere = [1, 2].map(() => caller.of(Work).do(''));
    await eventually(() => running === 4);
    go.resolve();
    expect(await Promise.all([...toFirst, ...elsewhere])).toEqual(['one', 'one', 'two', 'two']);
    expect(await caller.of(Work).do('', { address: first, retries: 0 })).toBe('one');
  });
});
