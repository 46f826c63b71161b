import { AsyncLocalStorage } from 'node:async_hooks';
import { afterEach, describe, expect, test } from '@jest/globals';
import { z } from 'zod';
import '../src/ambient.ts';
import {
  channel,
  contract,
  createClient,
  createService,
  MicroError,
  rpc,
  type Service,
  type ServiceOptions,
  stream,
  topic,
  type,
} from '../src/index.ts';

const Greeter = contract('greeter', 'Greeter', {
  hello: rpc({
    request: z.object({
      name: z.string(),
      at: z
        .string()
        .transform((text) => new Date(text))
        .optional(),
    }),
    response: z.object({ msg: z.string() }),
    idempotent: true,
  }),
  wait: rpc({ request: type<{ ms: number }>(), response: type<{ aborted: boolean }>() }),
  count: rpc({ request: z.object({ to: z.number() }), response: stream(z.object({ n: z.number() })) }),
  sum: rpc({ request: stream(z.object({ n: z.number() })), response: z.object({ total: z.number() }) }),
  chat: rpc({ request: stream(type<{ say: string }>()), response: stream(type<{ said: string }>()) }),
});
const Signups = topic('user.signup', z.object({ id: z.string() }));

const open: { close(): Promise<void> }[] = [];
afterEach(async () => {
  for (const one of open.splice(0).reverse()) await one.close();
});

let networks = 0;
function network(): Pick<ServiceOptions, 'registry' | 'transport' | 'broker'> {
  const name = `service-test-${++networks}`;
  return {
    registry: { memory: { network: name } },
    transport: { memory: { network: name } },
    broker: { memory: { network: name } },
  };
}

async function greeter(options: Partial<ServiceOptions>): Promise<Service> {
  const service = createService({ name: 'greeter', ...options });
  service.handle(Greeter, {
    async hello({ name }) {
      if (name === 'throw') throw new Error('secret');
      if (name === 'string') throw 'text';
      if (name === 'nobody') throw new MicroError('not_found', 'no such person');
      return { msg: `Hello ${name}` };
    },
    async wait({ ms }, ctx) {
      await new Promise((resolve) => {
        const timer = setTimeout(resolve, ms);
        ctx.signal.addEventListener('abort', () => {
          clearTimeout(timer);
          resolve(undefined);
        });
      });
      return { aborted: ctx.cancelled };
    },
    async *count({ to }) {
      for (let n = 0; n < to; n++) yield { n };
    },
    async sum(numbers) {
      let total = 0;
      for await (const { n } of numbers) total += n;
      return { total };
    },
    async *chat(messages) {
      for await (const { say } of messages) yield { said: say.toUpperCase() };
    },
  });
  open.push({ close: () => service.stop() });
  await service.start();
  return service;
}

describe('a service and a client in one process', () => {
  test('calls, streams and errors arrive', async () => {
    const around = network();
    await greeter(around);
    const client = createClient(around);
    open.push(client);
    const api = client.of(Greeter);
    expect(await api.hello({ name: 'Ada' })).toEqual({ msg: 'Hello Ada' });
    const seen: number[] = [];
    for await (const { n } of api.count({ to: 50 })) seen.push(n);
    expect(seen).toHaveLength(50);
    async function* numbers() {
      yield { n: 1 };
      yield { n: 2 };
    }
    expect(await api.sum(numbers())).toEqual({ total: 3 });
    const input = channel<{ say: string }>();
    const said: string[] = [];
    await input.send({ say: 'a' });
    for await (const message of api.chat(input)) {
      said.push(message.said);
      if (said.length < 3) await input.send({ say: 'b' });
      else input.end();
    }
    expect(said).toEqual(['A', 'B', 'B']);
    await expect(api.hello({ name: 'nobody' })).rejects.toMatchObject({
      code: 'not_found',
      message: 'no such person',
      id: 'greeter',
    });
    await expect(api.hello({ name: 'throw' })).rejects.toMatchObject({
      code: 'internal',
      message: 'Greeter.Hello failed',
    });
    await expect(api.hello({ name: 'string' })).rejects.toMatchObject({ code: 'internal' });
    await expect(client.call('greeter', 'Greeter.Hello', { name: 3 })).rejects.toMatchObject({
      code: 'bad_request',
    });
    await expect(client.call('greeter', 'Greeter.Nope', {})).rejects.toMatchObject({ code: 'not_found' });
    await expect(client.call('nobody', 'Greeter.Nope', {}, { retries: 0 })).rejects.toMatchObject({
      code: 'not_found',
    });
    await expect(api.wait({ ms: 60_000 }, { timeoutMs: 20 })).rejects.toMatchObject({ code: 'timeout' });
  });

  test('events are shared by a queue and seen whole by a subscriber of its own', async () => {
    const around = network();
    const seen: Record<string, string[]> = { one: [], two: [], all: [] };
    for (const [name, queue] of [
      ['one', 'mailer'],
      ['two', 'mailer'],
      ['all', undefined],
    ] as const) {
      const service = createService({ name, ...around });
      service.subscribe(
        Signups,
        async ({ id }) => {
          seen[name]?.push(id);
        },
        { queue },
      );
      open.push({ close: () => service.stop() });
      await service.start();
    }
    const client = createClient(around);
    open.push(client);
    for (let n = 0; n < 20; n++) await client.publish(Signups, { id: String(n) });
    for (const one of open) await one.close();
    expect(seen.all).toHaveLength(20);
    expect([...(seen.one ?? []), ...(seen.two ?? [])]).toHaveLength(20);
  });
});

test('handlers of one batch do not run in the async context of whoever called first', async () => {
  const around = network();
  const tenants = new AsyncLocalStorage<string>();
  const seen: unknown[] = [];
  const Ask = contract('tenants', 'Tenants', {
    ask: rpc({ request: type<object>(), response: type<object>() }),
  });
  const service = createService({ name: 'tenants', ambient: false, ...around });
  service.handle(Ask, {
    ask: () => {
      seen.push(tenants.getStore());
      return {};
    },
  });
  open.push({ close: () => service.stop() });
  await service.start();
  const client = createClient({ ambient: false, ...around });
  open.push(client);
  const { ask } = client.of(Ask);
  await ask({});
  await Promise.all(['x', 'y', 'z'].map((tenant) => tenants.run(tenant, () => ask({}))));
  expect(seen).toEqual([undefined, undefined, undefined, undefined]);
});
