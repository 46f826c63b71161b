import { describe, expect, test } from '@jest/globals';
import { eventually } from '@micro/conformance';
import { contract, counters, MicroError, rpc, type } from '../src/index.ts';
import { Registrar } from '../src/registrar.ts';
import { deferred, later, network, service } from './fleet.ts';
import { record, scriptedRegistry } from './scripted-registry.ts';

const down = (): MicroError => new MicroError('unavailable', 'no registry');
const store = record('store', ['a']);

describe('registration', () => {
  test.each([10_000, 31_000, 1_000, 0.9, 2 ** 40])('lives with a ttl of %d ms', async (registerTtlMs) => {
    const made = service({ ...network(), registerTtlMs });
    await made.start();
    expect(made.ready).toBe(true);
    await made.stop();
  });

  test('a ttl too long for a timer is not renewed in a hot loop', async () => {
    const registry = scriptedRegistry();
    const made = service({ ...network(), registry, registerTtlMs: 2 ** 42 });
    await made.start();
    let turns = 0;
    await eventually(() => ++turns > 8);
    expect(registry.log).toEqual(['register']);
  });

  test('is renewed at a third of its ttl, a little early, with the same record', async () => {
    const times: number[] = [];
    const records = new Set<unknown>();
    const registry = scriptedRegistry(() => [], {
      async register(given, { ttlMs }) {
        expect(ttlMs).toBe(90);
        records.add(given);
        times.push(performance.now());
      },
    });
    const registrar = new Registrar(() => registry, 90);
    const announced = await registrar.announce(store);
    await eventually(() => times.length >= 6);
    await announced.withdraw();
    const gaps = times.slice(1).map((time, n) => time - (times[n] ?? 0));
    for (const gap of gaps) expect(gap).toBeGreaterThan(25);
    expect(records.size).toBe(1);
    const { length } = times;
    expect(times).toHaveLength(length);
  });

  test('a renewal that fails is seen in ready and in the counters, and made good', async () => {
    let fails = false;
    let failed = 0;
    const registry = scriptedRegistry(() => [], {
      async register() {
        if (!fails) return;
        failed++;
        throw down();
      },
    });
    const before = counters()['registry.register_failed'] ?? 0;
    const made = service({ ...network(), registry, registerTtlMs: 60 });
    await made.start();
    expect(made.ready).toBe(true);
    fails = true;
    await eventually(() => !made.ready);
    await eventually(() => failed > 3);
    expect(made.state).toBe('running');
    expect(counters()['registry.register_failed']).toBeGreaterThan(before);
    fails = false;
    await eventually(() => made.ready);
  });

  test('deregister never overlaps register, and nothing is renewed afterwards', async () => {
    const log: string[] = [];
    const slow = deferred();
    const registry = scriptedRegistry(() => [], {
      async register() {
        log.push('register');
        if (log.length === 1) return;
        await slow.promise;
        log.push('registered');
      },
      async deregister() {
        log.push('deregister');
      },
    });
    const announced = await new Registrar(() => registry, 30).announce(store);
    await eventually(() => log.length === 2);
    const withdrawn = announced.withdraw();
    slow.resolve();
    await withdrawn;
    expect(log).toEqual(['register', 'register', 'registered', 'deregister']);
  });

  test('a start survives a registry that is away for a moment', async () => {
    let failures = 3;
    const registry = scriptedRegistry(() => [], {
      async register() {
        registry.log.push('register');
        if (failures-- > 0) throw down();
      },
    });
    const made = service({ ...network(), registry });
    await made.start();
    expect(registry.log).toHaveLength(4);
    expect(made.ready).toBe(true);
  });

  test('what cannot succeed makes the start fail at once, undone', async () => {
    const registry = scriptedRegistry(() => [], {
      async register() {
        throw new MicroError('forbidden', 'no such right');
      },
    });
    const made = service({ ...network(), registry });
    await expect(made.start()).rejects.toMatchObject({ code: 'forbidden' });
    expect(registry.log).toEqual(['deregister']);
    expect(made.state).toBe('stopped');
  });

  test('a registry that throws at once, where it should reject, is a registry that fails', async () => {
    const registry = scriptedRegistry(() => [], {
      register: () => {
        throw new MicroError('forbidden', 'thrown');
      },
      deregister: () => {
        throw new Error('thrown too');
      },
    });
    const made = service({ ...network(), registry });
    await expect(made.start()).rejects.toMatchObject({ message: 'thrown' });
    expect(made.state).toBe('stopped');
  });

  test('a registry that never answers makes the registration fail, undone', async () => {
    const never = (_: unknown, options?: { readonly signal?: AbortSignal | undefined }): Promise<void> =>
      new Promise((_, reject) => {
        options?.signal?.addEventListener('abort', () => reject(options.signal?.reason));
      });
    const registry = scriptedRegistry(() => [], { register: never });
    const registrar = new Registrar(() => registry, 90_000, 30_000, 50);
    await expect(registrar.announce(store)).rejects.toMatchObject({ code: 'timeout' });
    expect(registry.log).toEqual(['deregister']);
  });

  test('a stop in a hurry still deregisters, but waits a second at most', async () => {
    const asked: number[] = [];
    const registry = scriptedRegistry(() => [], {
      deregister: (_, options) => {
        asked.push(performance.now());
        return new Promise((_, reject) => {
          options?.signal?.addEventListener('abort', () => reject(down()));
        });
      },
    });
    const made = service({
      ...{ ...network(), registry },
      hooks: { afterStart: () => Promise.reject(new Error('no')) },
    });
    await expect(made.start()).rejects.toThrow('no');
    expect(asked).toHaveLength(1);
    expect(performance.now() - (asked[0] ?? 0)).toBeLessThan(3_000);
  });

  test('what is registered is what go-micro registers', async () => {
    const Work = contract('work', 'Work', {
      do: rpc({ request: type<string>(), response: type<string>(), doc: 'does it' }),
    });
    const around = network();
    const made = service({
      ...{ ...around, name: 'work', version: '1.2.3', id: 'me', metadata: { zone: 'a', server: 'not this' } },
      ...{ address: 'here', advertise: 'there:9', env: { MICRO_SERVER_METADATA: 'rack=7,zone=b' } },
    });
    made.handle(Work, { do: async () => '' });
    made.subscribe({ topic: 'news', schema: type<string>() }, () => undefined);
    await made.start();
    const [one] = await made.plugin('registry').getService('work');
    expect(one).toMatchObject({
      name: 'work',
      version: '1.2.3',
      nodes: [
        {
          id: 'work-me',
          address: 'there:9',
          metadata: {
            ...{ zone: 'a', rack: '7', server: 'mucp', protocol: 'mucp' },
            ...{ transport: 'memory', broker: 'memory', registry: 'memory' },
          },
        },
      ],
      endpoints: [
        { name: 'Work.Do', metadata: { description: 'does it' } },
        { name: 'Func', metadata: { topic: 'news', subscriber: 'true' } },
      ],
    });
  });

  test('an interval that is no shorter than the ttl is refused', () => {
    for (const registerIntervalMs of [0, -1, Number.NaN, 90_000, 1e9])
      expect(() => service({ ...network(), registerIntervalMs })).toThrow(
        expect.objectContaining({ code: 'bad_request' }),
      );
  });
});

describe('Host.announce', () => {
  test('renews a record of a plugin, counts in ready, and withdraws it', async () => {
    let fails = false;
    const registry = scriptedRegistry(() => [], {
      async register({ name }) {
        registry.log.push(`register ${name}`);
        if (fails && name === 'store') throw down();
      },
      async deregister({ name }) {
        registry.log.push(`deregister ${name}`);
      },
    });
    const registrar = new Registrar(() => registry, 60);
    const announced = await registrar.announce(store);
    later(() => announced.withdraw());
    await eventually(() => registry.log.length > 2);
    expect(registrar.registered).toBe(true);
    fails = true;
    await eventually(() => !registrar.registered);
    await announced.withdraw();
    expect(registrar.registered).toBe(true);
    expect(registry.log.at(-1)).toBe('deregister store');
  });
});
