import { describe, expect, test } from '@jest/globals';
import { eventually } from '@micro/conformance';
import {
  contract,
  memoryRegistry,
  memoryTransport,
  onBackground,
  rpc,
  type ServiceOptions,
  stream,
  type,
} from '../src/index.ts';
import { client, deferred, later, network, service } from './fleet.ts';
import { scriptedRegistry } from './scripted-registry.ts';

const Work = contract('work', 'Work', {
  do: rpc({ request: type<string>(), response: type<string>() }),
  feed: rpc({ request: type<string>(), response: stream(type<string>()) }),
});
const idle = { do: async () => 'done', async *feed() {} };

function hooks(log: string[]): ServiceOptions['hooks'] {
  const note = (name: string) => (one: { readonly state: string; readonly ready: boolean }) =>
    void log.push(`${name} ${one.state} ${one.ready}`);
  return {
    beforeStart: note('beforeStart'),
    afterStart: note('afterStart'),
    beforeStop: note('beforeStop'),
    afterStop: note('afterStop'),
  };
}

describe('start and stop', () => {
  test('hooks see the states in their order, and ready only in between', async () => {
    const log: string[] = [];
    const made = service({ ...network(), name: 'work', hooks: hooks(log) });
    made.handle(Work, idle);
    expect([made.state, made.ready, made.address]).toEqual(['new', false, undefined]);
    await made.start();
    expect([made.state, made.ready]).toEqual(['running', true]);
    expect(made.address).toMatch(/^memory:/);
    await made.stop();
    expect(log).toEqual([
      'beforeStart starting false',
      'afterStart running true',
      'beforeStop stopping false',
      'afterStop stopped false',
    ]);
  });

  test('starts once, stops once, however often it is asked', async () => {
    const registry = scriptedRegistry();
    const made = service({ ...network(), registry, name: 'work' });
    const first = made.start();
    await expect(made.start()).rejects.toMatchObject({ code: 'conflict' });
    await first;
    const [one, two] = [made.stop(), made.stop()];
    expect(one).toBe(two);
    await one;
    expect(registry.log).toEqual(['register', 'deregister']);
    await expect(made.start()).rejects.toMatchObject({
      code: 'conflict',
      message: 'service "work" is stopped: it starts once',
    });
    expect(() => made.handle(Work, idle)).toThrow('add handlers before it starts');
  });

  test('a service that never started can be stopped', async () => {
    const registry = scriptedRegistry();
    const made = service({ ...network(), registry, name: 'work' });
    await made.stop();
    expect(made.state).toBe('stopped');
    expect(registry.log).toEqual([]);
  });

  test.each(['beforeStart', 'afterStart'] as const)(
    'a throw in %s makes the start fail, undone',
    async (name) => {
      const registry = scriptedRegistry();
      const around = network();
      const made = service({
        ...{ ...around, registry, name: 'work' },
        hooks: {
          [name]: () => {
            throw new RangeError('not today');
          },
        },
      });
      await expect(made.start()).rejects.toThrow('not today');
      expect(made.state).toBe('stopped');
      expect(registry.log).toEqual(name === 'beforeStart' ? [] : ['register', 'deregister']);
    },
  );

  test('why a start failed is told, whatever the hooks of the stop throw', async () => {
    const made = service({
      ...{ ...network(), name: 'work' },
      hooks: {
        afterStart: () => Promise.reject(new RangeError('first')),
        beforeStop: () => Promise.reject(new RangeError('second')),
      },
    });
    await expect(made.start()).rejects.toThrow('first');
    expect(made.state).toBe('stopped');
    await made.stop().catch(() => undefined);
  });

  test('a stop while the registration is under way leaves nothing registered', async () => {
    const registering = deferred();
    const registry = scriptedRegistry(() => [], {
      register: async () => {
        registry.log.push('register');
        await registering.promise;
        registry.log.push('registered');
      },
    });
    const made = service({ ...network(), registry, name: 'work' });
    const starting = made.start();
    await eventually(() => registry.log.length === 1);
    const stopping = made.stop();
    registering.resolve();
    await expect(starting).rejects.toMatchObject({ code: 'canceled' });
    await stopping;
    expect(made.state).toBe('stopped');
    expect(registry.log).toEqual(['register', 'registered', 'deregister']);
  });

  test('a stop before the registry has answered does not wait for it', async () => {
    const registry = scriptedRegistry(() => [], {
      register: (_, { signal }) =>
        new Promise((_, reject) => signal?.addEventListener('abort', () => reject(new Error('aborted')))),
    });
    const made = service({ ...network(), registry, name: 'work' });
    const starting = made.start();
    starting.catch(() => undefined);
    await made.stop().then(() => undefined);
    await expect(starting).rejects.toBeDefined();
    expect(made.state).toBe('stopped');
  });

  test('a stop in beforeStart ends the start', async () => {
    const registry = scriptedRegistry();
    const made = service({
      ...{ ...network(), registry, name: 'work' },
      hooks: { beforeStart: (one) => one.stop() },
    });
    await expect(made.start()).rejects.toMatchObject({ code: 'canceled' });
    expect(registry.log).toEqual([]);
    expect(made.state).toBe('stopped');
  });

  test('plugins that were given are left open, those that were made are closed', async () => {
    const around = network();
    const registry = memoryRegistry({ network: 'given' });
    later(() => registry.close());
    const made = service({ ...around, registry, name: 'work' });
    await made.start();
    await made.stop();
    await expect(registry.listServices()).resolves.toEqual([]);
    expect(() => made.plugin('transport')).toThrow(expect.objectContaining({ code: 'unavailable' }));
  });

  test('a closed client makes no new plugins', async () => {
    const made = client(network());
    await made.close();
    await made.close();
    await expect(made.call('work', 'Work.Do', 'x')).rejects.toMatchObject({ code: 'unavailable' });
    await expect(made.publish({ topic: 't', schema: type<string>() }, 'x')).rejects.toMatchObject({
      code: 'unavailable',
    });
  });
});

describe('stopping', () => {
  test('waits for what is under way, and refuses what comes meanwhile so that it goes elsewhere', async () => {
    const around = network();
    const go = deferred();
    const begun = deferred();
    const log: string[] = [];
    const stop = onBackground(({ event, subject }) => {
      if (event === 'registry.deregistered' || event === 'call.refused') log.push(`${event} ${subject}`);
    });
    later(async () => stop());
    const made = service({ ...around, name: 'work' });
    made.handle(Work, {
      ...idle,
      async do() {
        begun.resolve();
        await go.promise;
        return 'finished';
      },
    });
    await made.start();
    const { address } = made;
    const caller = client(around);
    const under = caller.of(Work).do('x');
    await begun.promise;
    const stopping = made.stop();
    expect(made.ready).toBe(false);
    await eventually(() => log.includes('registry.deregistered work'));
    await eventually(async () => {
      const error = await caller
        .of(Work)
        .do('y', { address, retries: 0, timeoutMs: 50 })
        .catch((e: unknown) => e);
      expect(error).toMatchObject({ code: 'unavailable', message: 'service "work" is going away' });
    });
    expect(made.state).toBe('stopping');
    go.resolve();
    await expect(under).resolves.toBe('finished');
    await stopping;
    expect(log[0]).toBe('registry.deregistered work');
  });

  test('drainMs ends the waiting: handlers are aborted, their callers told', async () => {
    const around = network();
    const aborted = deferred();
    const begun = deferred();
    const made = service({ ...around, name: 'work', drainMs: 30 });
    made.handle(Work, {
      async do(_, ctx) {
        ctx.signal.addEventListener('abort', () => aborted.resolve());
        begun.resolve();
        return new Promise<string>(() => undefined);
      },
      async *feed() {
        yield 'one';
        await new Promise(() => undefined);
      },
    });
    await made.start();
    const caller = client(around);
    const call = caller.of(Work).do('x');
    const feed = caller.of(Work).feed('x')[Symbol.asyncIterator]();
    await feed.next();
    const next = feed.next();
    await begun.promise;
    await Promise.all([
      made.stop(),
      aborted.promise,
      expect(call).rejects.toMatchObject({ code: 'unavailable' }),
      expect(next).rejects.toMatchObject({ code: 'unavailable' }),
    ]);
  });

  test('drainMs may be Infinity, or no whole number', async () => {
    for (const drainMs of [Number.POSITIVE_INFINITY, 0.5, 2 ** 40]) {
      const made = service({ ...network(), name: 'work', drainMs });
      await made.start();
      await made.stop();
      expect(made.state).toBe('stopped');
    }
  });

  test("a service's own endless streams to others do not hold up its stop", async () => {
    const around = network();
    const other = service({ ...around, name: 'work' });
    other.handle(Work, {
      ...idle,
      async *feed(_, ctx) {
        yield 'one';
        await new Promise((resolve) => ctx.signal.addEventListener('abort', resolve));
      },
    });
    await other.start();
    const made = service({ ...around, name: 'reader', drainMs: 30 });
    await made.start();
    const feed = made.client.of(Work).feed('x')[Symbol.asyncIterator]();
    await feed.next();
    const next = feed.next();
    next.catch(() => undefined);
    void made.stop();
    await eventually(() => made.state === 'stopped', { timeoutMs: 2_000 });
    await expect(next).rejects.toMatchObject({ code: 'unavailable' });
  });

  test('a listener that cannot be closed does not keep the rest open', async () => {
    const around = network();
    const inner = memoryTransport({ network: 'cannot-close' });
    later(() => inner.close());
    const made = service({
      ...{ ...around, name: 'work' },
      transport: {
        ...inner,
        async listen(acceptor, options) {
          const listener = await inner.listen(acceptor, options);
          return {
            ...listener,
            close: () => Promise.reject(new Error('stuck')),
            drain: () => listener.drain(),
          };
        },
      },
    });
    await made.start();
    await made.stop().catch(() => undefined);
    expect(made.state).toBe('stopped');
  });
});
