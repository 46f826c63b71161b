import { afterEach, expect, test } from '@jest/globals';
import { eventually } from '@micro/conformance';
import { memoryRegistry, noMetadata, onBackground, type Registry, type ServiceRecord } from '@micro/core';
import { deadAddress, exchange, type GoSubscriber, goRequest, goSubscriber } from './peers.ts';
import { brokerOf, inbox, message, network, subscribing } from './world.ts';

const open: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const close of open.splice(0).reverse()) await close();
});

function ours(
  of: string,
  options: Parameters<typeof brokerOf>[1] = {},
): ReturnType<typeof brokerOf>['broker'] {
  const { broker, service } = brokerOf(of, options);
  open.push(() => service.stop());
  return broker;
}

function registryOf(of: string): Registry {
  const registry = memoryRegistry({ network: of });
  open.push(() => registry.close());
  return registry;
}

async function go(status?: number): Promise<GoSubscriber> {
  const subscriber = await goSubscriber(status);
  open.push(subscriber.close);
  return subscriber;
}

/** As go-micro registers a subscriber (TV16). */
function record(id: string, address: string, more: { topic?: string; version?: string } = {}): ServiceRecord {
  const { topic = 'greetings', version = 'ff.http.broadcast' } = more;
  const nodes = [{ id, address, metadata: { broker: 'http', secure: 'false', topic } }];
  return { name: 'micro.http.broker', version, metadata: noMetadata, endpoints: [], nodes };
}

const uuid = '1c2d3e4f-5a6b-4c7d-8e9f-0a1b2c3d4e5f';
const john = '{"name":"John"}\n';
const ttl = { ttlMs: 60_000 };

test('a Go subscriber gets a POST as Go sends it', async () => {
  const of = network();
  const [registry, subscriber] = [registryOf(of), await go()];
  await registry.register(record(`orders/eu-${uuid}`, subscriber.address, { topic: 'orders/eu' }), ttl);
  await ours(of).publish('orders/eu', [message(john)]);
  const [seen] = subscriber.seen;
  expect(seen?.method).toBe('POST');
  expect(seen?.url).toBe(`/?id=orders%2Feu-${uuid}`);
  expect(seen?.headers['content-type']).toBe('application/json');
  expect(JSON.parse(seen?.body ?? '')).toEqual({
    Header: {
      'Content-Type': 'application/json',
      'Micro-Id': '0b4c2f6e',
      'Micro-ID': '0b4c2f6e',
      'Micro-Topic': 'orders/eu',
    },
    Body: 'eyJuYW1lIjoiSm9obiJ9Cg==',
  });
});

test('a subscription is registered as Go registers one', async () => {
  const of = network();
  const registry = registryOf(of);
  const broker = ours(of);
  await broker.subscribe('orders/eu', inbox().deliver, subscribing());
  await broker.subscribe('orders/eu', inbox().deliver, subscribing({ queue: 'mailer' }));
  const records = await registry.getService('micro.http.broker');
  expect(records.map(({ version }) => version).sort()).toEqual(['ff.http.broadcast', 'mailer']);
  const [node] = records[0]?.nodes ?? [];
  expect(node?.id).toMatch(/^orders\/eu-[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/);
  expect(node?.address).toMatch(/^127\.0\.0\.1:\d+$/);
  expect({ ...node?.metadata }).toEqual({ broker: 'http', secure: 'false', topic: 'orders/eu' });
});

test('a Go publisher reaches a subscriber, and hears 200 once its handler has ended', async () => {
  const of = network();
  const registry = registryOf(of);
  const box = inbox();
  await ours(of).subscribe('größe & co', box.deliver, subscribing());
  const [node] = (await registry.getService('micro.http.broker'))[0]?.nodes ?? [];
  const path = `/?id=${encodeURIComponent(node?.id ?? '').replaceAll('%20', '+')}`;
  const envelope = `{"Header":{"Content-Type":"application/json","Micro-ID":"7","Micro-Topic":"größe \\u0026 co"},"Body":"eyJuYW1lIjoiSm9obiJ9Cg=="}`;
  expect(await exchange(node?.address ?? '', goRequest(path, envelope))).toMatch(/^HTTP\/1\.1 200 OK\r\n/);
  expect(box.texts).toEqual([john]);
  expect(box.headers[0]?.['micro-id']).toBe('7');
});

test('a Go publisher gets no answer for what was not taken, so that it keeps the message', async () => {
  const of = network();
  const registry = registryOf(of);
  await ours(of).subscribe('greetings', inbox().deliver, subscribing());
  const [node] = (await registry.getService('micro.http.broker'))[0]?.nodes ?? [];
  expect(await exchange(node?.address ?? '', goRequest('/?id=unknown', '{}'))).toBe('');
  const other = { 'User-Agent': 'curl' };
  expect(await exchange(node?.address ?? '', goRequest('/?id=unknown', '{}', other))).toMatch(/ 404 /);
});

test('a queue whose first member refuses the connection loses nothing', async () => {
  const of = network();
  const [registry, alive] = [registryOf(of), await go()];
  for (let at = 0; at < 3; at++)
    await registry.register(record(`dead-${at}`, await deadAddress(), { version: 'queue' }), ttl);
  await registry.register(record('alive', alive.address, { version: 'queue' }), ttl);
  const broker = ours(of);
  await broker.publish(
    'greetings',
    Array.from({ length: 40 }, () => message(john)),
  );
  expect(alive.seen).toHaveLength(40);
});

test('a queue without a living member makes publish reject, and the others get the message all the same', async () => {
  const of = network();
  const [registry, alive] = [registryOf(of), await go()];
  await registry.register(record('dead', await deadAddress(), { version: 'queue' }), ttl);
  await registry.register(record('alive', alive.address), ttl);
  const publishing = ours(of).publish('greetings', [message(john)]);
  await expect(publishing).rejects.toMatchObject({ code: 'unavailable' });
  expect(alive.seen).toHaveLength(1);
});

test('what a member of a queue may have seen is not sent to another', async () => {
  const of = network();
  const registry = registryOf(of);
  const members = [await go(500), await go(500)];
  for (const [at, { address }] of members.entries())
    await registry.register(record(`broken-${at}`, address, { version: 'queue' }), ttl);
  await expect(ours(of).publish('greetings', [message(john)])).rejects.toMatchObject({ code: 'unavailable' });
  expect(members.flatMap(({ seen }) => seen)).toHaveLength(1);
});

test('a subscriber without a queue that is dead, or whose address is nonsense, is told of and hurts nobody', async () => {
  const of = network();
  const [registry, alive] = [registryOf(of), await go()];
  const lost: string[] = [];
  const forget = onBackground(({ event, error }) => {
    if (event === 'event.lost') lost.push(String(error));
  });
  open.push(async () => forget());
  await registry.register(record('dead', await deadAddress()), ttl);
  await registry.register(record('nonsense', 'http://user@127.0.0.1/path'), ttl);
  await registry.register(record('alive', alive.address), ttl);
  await ours(of).publish('greetings', [message(john)]);
  expect(alive.seen).toHaveLength(1);
  expect(lost.sort()).toEqual([
    expect.stringMatching(/subscriber dead at .*ECONNREFUSED/),
    expect.stringMatching(/subscriber nonsense at .*cannot be read/),
  ]);
});

test('a subscriber that never answers is given up after timeoutMs', async () => {
  const of = network();
  const registry = registryOf(of);
  const never = new Promise<never>(() => undefined);
  const stuck = ours(of);
  const box = inbox(() => never);
  await stuck.subscribe('greetings', box.deliver, subscribing({ queue: 'queue' }));
  expect(await registry.getService('micro.http.broker')).toHaveLength(1);
  const publishing = ours(of, { timeoutMs: 50 }).publish('greetings', [message(john)]);
  await expect(publishing).rejects.toMatchObject({
    code: 'unavailable',
    message: expect.stringMatching(/no answer within \d+(\.\d+)? ms/),
  });
  expect(box.texts).toEqual([john]);
});

test('a stopping member sends publishers to another one, until all know that it goes', async () => {
  const of = network();
  const [staying, leaving] = [ours(of), ours(of)];
  const boxes = [inbox(), inbox()];
  const options = subscribing({ queue: 'queue' });
  await staying.subscribe('greetings', boxes[0]?.deliver ?? inbox().deliver, options);
  const going = await leaving.subscribe('greetings', boxes[1]?.deliver ?? inbox().deliver, options);
  const publisher = ours(of);
  const messages = Array.from({ length: 200 }, (_, n) => message(String(n)));
  const publishing = publisher.publish('greetings', messages);
  await eventually(() => (boxes[1]?.texts.length ?? 0) > 0);
  await going.stop();
  await publishing;
  const all = boxes.flatMap(({ texts }) => texts);
  expect(all.map(Number).sort((a, b) => a - b)).toEqual(messages.map((_, n) => n));
});

test('connections are kept, one that the subscriber has closed costs nothing, and none outlives the broker', async () => {
  const of = network();
  const [registry, subscriber] = [registryOf(of), await go()];
  await registry.register(record('only', subscriber.address, { version: 'queue' }), ttl);
  const broker = ours(of);
  const batch = Array.from({ length: 8 }, () => message(john));
  await broker.publish('greetings', batch);
  const kept = await subscriber.connections();
  expect(kept).toBeGreaterThan(0);
  await broker.publish('greetings', batch);
  expect(await subscriber.connections()).toBe(kept);
  for (let round = 0; round < 20; round++) {
    subscriber.closeIdle();
    await broker.publish('greetings', batch);
  }
  expect(subscriber.seen).toHaveLength(22 * batch.length);
  await broker.close();
  await eventually(async () => expect(await subscriber.connections()).toBe(0));
});
