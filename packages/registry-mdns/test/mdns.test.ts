import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { deflateSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { eventually } from '@micro/conformance';
import {
  type BackgroundMessage,
  counters,
  type EndpointRecord,
  impliedName,
  onBackground,
  type Registry,
  type RegistryChange,
  type ServiceRecord,
} from '@micro/core';
import { decode, encode } from 'dns-packet';
import { type MdnsOptions, mdnsRegistry } from '../src/index.ts';
import { encodeAnnouncement, encodeQuestion } from '../src/packet.ts';
import { ownGroup } from './port.ts';
import { type RawPeer, rawPeer } from './raw-peer.ts';
import { answerByGo } from './vectors.ts';

const ttlMs = 60_000;
const goNode = 'greeter-6f1b2c3d-4e5f-4a6b-8c7d-9e0f1a2b3c4d';
let group: MdnsOptions & { readonly port: number };
let peer: RawPeer;
let registries: Registry[] = [];
let told: BackgroundMessage[] = [];
let deafen = (): void => {};

beforeEach(async () => {
  group = await ownGroup();
  peer = await rawPeer(group.port);
  registries = [];
  told = [];
  deafen = onBackground((message) => told.push(message));
});

afterEach(async () => {
  deafen();
  await Promise.all(registries.map((registry) => registry.close()));
  await peer.close();
});

function registry(options: MdnsOptions = {}): Registry {
  const made = mdnsRegistry({ ...group, ...options });
  registries.push(made);
  return made;
}

function record(
  name: string,
  nodes: readonly (readonly [id: string, address: string])[],
  endpoints: readonly EndpointRecord[] = [],
): ServiceRecord {
  const made = nodes.map(([id, address]) => ({ id, address, metadata: { protocol: 'mucp' } }));
  return { name, version: '1', metadata: {}, endpoints, nodes: made };
}

function follow(
  registry: Registry,
  name: string | undefined,
): { readonly changes: RegistryChange[]; stop(): Promise<void> } {
  const controller = new AbortController();
  const changes: RegistryChange[] = [];
  const watching = registry.watch(name, (change) => changes.push(change), controller);
  const stop = async (): Promise<void> => {
    controller.abort();
    await watching;
  };
  return { changes, stop };
}

const announcements = (): number => peer.heard.filter((bytes) => decode(bytes).type === 'response').length;
const questions = (name: string): number =>
  peer.heard.filter((bytes) => decode(bytes).questions?.[0]?.name === name).length;

describe('to Go peers', () => {
  test('answers a question to the port it came from, one message a node, with the question in it', async () => {
    await registry().register(
      record('greeter', [
        ['greeter-1', '127.0.0.1:7411'],
        ['greeter-2', '[fd00::1]:7412'],
      ]),
      { ttlMs },
    );
    await peer.say(encodeQuestion('greeter.micro', 99));
    await eventually(() => peer.answers.length === 2);
    const [first, second] = peer.answers.map((bytes) => decode(bytes));
    expect(first).toMatchObject({
      id: 0,
      type: 'response',
      flag_aa: true,
      questions: [{ name: 'greeter.micro', type: 'PTR', class: 'IN' }],
    });
    expect(
      first?.answers?.map(({ type, name }) => `${type} ${name}`).filter((line) => !line.startsWith('A ')),
    ).toEqual(['PTR greeter.micro', 'SRV greeter-1.greeter.micro', 'TXT greeter-1.greeter.micro']);
    expect(second?.answers?.map(({ type }) => type)).toEqual(['PTR', 'SRV', 'AAAA', 'TXT']);
  });

  test('answers the list question with one entry a service, and nothing when asked for others', async () => {
    const ours = registry();
    await ours.register(
      record('greeter', [
        ['a', '127.0.0.1:1'],
        ['b', '127.0.0.1:2'],
      ]),
      { ttlMs },
    );
    await peer.say(encodeQuestion('nobody.micro', 1));
    await peer.say(encodeQuestion('_services.micro', 2));
    await eventually(() => peer.answers.length > 0);
    await ours.listServices();
    expect(peer.answers).toHaveLength(1);
    expect(decode(peer.answers[0] ?? Buffer.alloc(0)).answers?.[0]).toMatchObject({
      type: 'PTR',
      data: 'greeter._services.micro',
    });
  });

  test('announces at once, after one second and after three, and once at each renewal', async () => {
    const ours = registry();
    const service = record('greeter', [['a', '127.0.0.1:1']]);
    await ours.register(service, { ttlMs });
    await eventually(() => announcements() === 1);
    await eventually(() => announcements() === 3, { timeoutMs: 5_000 });
    await ours.register(service, { ttlMs });
    await eventually(() => announcements() === 4);
    await ours.deregister(service);
    await eventually(() => announcements() === 5);
    expect(
      decode(peer.heard.at(-1) ?? Buffer.alloc(0)).answers?.map((one) => 'ttl' in one && one.ttl),
    ).toEqual([0, 0, 0]);
  });

  test('finds a Go node by its answer, tells watchers, and drops it after three questions without an answer', async () => {
    let alive = true;
    const answer = Buffer.from(answerByGo, 'hex');
    peer.respond((bytes) =>
      alive && decode(bytes).questions?.[0]?.name === 'greeter.micro' ? answer : undefined,
    );
    const ours = registry({ queryMs: 20, refreshMs: 200 });
    const node = { id: goNode, address: '127.0.0.1:7411' };
    expect(await ours.getService('greeter')).toMatchObject([
      { name: 'greeter', version: 'latest', nodes: [node] },
    ]);
    const watch = follow(ours, 'greeter');
    await eventually(() => watch.changes.length === 1);
    await eventually(() => questions('greeter.micro') > 4);
    expect(watch.changes).toMatchObject([{ type: 'list', name: 'greeter', services: [{ nodes: [node] }] }]);
    alive = false;
    await eventually(() => watch.changes.length === 2);
    expect(watch.changes[1]).toEqual({ type: 'remove', name: 'greeter', ids: [goNode] });
    await watch.stop();
  });

  test('finds a Go service by its list entry when everything is watched', async () => {
    const entry = encode({
      type: 'response',
      questions: [{ type: 'PTR', name: '_services.micro' }],
      answers: [
        { type: 'PTR', name: '_services.micro', data: 'greeter._services.micro' },
        { type: 'SRV', name: 'greeter._services.micro', data: { port: 9999, target: 'vm' }, ttl: 120 },
        { type: 'A', name: 'vm', data: '0.0.0.0', ttl: 120 },
        { type: 'TXT', name: 'greeter._services.micro', data: [], ttl: 120 },
      ],
    });
    peer.respond((bytes) => {
      const name = decode(bytes).questions?.[0]?.name;
      return name === '_services.micro'
        ? entry
        : name === 'greeter.micro'
          ? Buffer.from(answerByGo, 'hex')
          : undefined;
    });
    const ours = registry();
    expect(await ours.listServices()).toEqual(['greeter']);
    const watch = follow(ours, undefined);
    await eventually(() => watch.changes.length === 1);
    expect(watch.changes).toMatchObject([
      { type: 'list', name: undefined, services: [{ nodes: [{ id: goNode }] }] },
    ]);
    await watch.stop();
  });
});

describe('lookups', () => {
  test('a hundred at once share two questions', async () => {
    const ours = registry();
    await Promise.all(Array.from({ length: 100 }, () => ours.getService('greeter')));
    const first = questions('greeter.micro');
    // Nobody answers, so each question is put twice.
    expect(first).toBeLessThanOrEqual(4);
    await Promise.all([ours.getService('greeter'), ours.getService('greeter')]);
    expect(questions('greeter.micro')).toBeLessThanOrEqual(first + 4);
  });

  test('find all that DNS can carry of a record', async () => {
    const value = {
      name: 'Request',
      type: 'Request',
      values: [{ name: 'name', type: 'string', values: null }],
    };
    const endpoints = [
      { name: 'Greeter.Hello', request: value, response: null, metadata: { stream: 'true' } },
    ];
    const service = {
      ...record(
        'größe',
        [
          ['a.b', '127.0.0.1:1'],
          ['c d', '[::1]:2'],
        ],
        endpoints,
      ),
      metadata: { zone: 'eu' },
    };
    await registry().register(service, { ttlMs });
    expect(await registry().getService('größe')).toEqual([service]);
  });

  test('find a service of two hundred nodes whole', async () => {
    const nodes = Array.from(
      { length: 200 },
      (_, node) => [`node-${node}`, `127.0.0.1:${node + 1}`] as const,
    );
    await registry().register(record('large', nodes), { ttlMs });
    const ours = registry();
    // On a busy machine a window may end before the answers have begun.
    await eventually(async () => (await ours.getService('large'))[0]?.nodes.length === 200);
  });

  test('end at once when their signal aborts or the registry closes', async () => {
    const ours = registry();
    const controller = new AbortController();
    const aborted = ours.getService('greeter', controller);
    const timedOut = ours.listServices({ signal: AbortSignal.timeout(1) });
    const closed = ours.getService('greeter');
    controller.abort();
    await expect(aborted).rejects.toMatchObject({ code: 'canceled' });
    await expect(timedOut).rejects.toMatchObject({ code: 'timeout' });
    await ours.close();
    await expect(closed).rejects.toMatchObject({ code: 'unavailable' });
  });

  test('under way when the registry closes are rejected, and leave no timer', async () => {
    const ours = registry({ queryMs: 60_000 });
    const lookup = ours.getService('greeter');
    const rejected = expect(lookup).rejects.toMatchObject({ code: 'unavailable' });
    await eventually(() => questions('greeter.micro') === 1);
    const timers = (): number => process.getActiveResourcesInfo().filter((type) => type === 'Timeout').length;
    const before = timers();
    await ours.close();
    await rejected;
    expect(timers()).toBeLessThan(before);
  });

  test('are no longer made for a watch that has ended', async () => {
    const ours = registry({ queryMs: 10, refreshMs: 200 });
    const [ended, other] = [follow(ours, 'ended'), follow(ours, 'other')];
    await eventually(() => ended.changes.length === 1);
    await ended.stop();
    const asked = questions('ended.micro');
    await eventually(() => questions('other.micro') > 6);
    expect(questions('ended.micro')).toBe(asked);
    await other.stop();
  });

  test('reject with unavailable where multicast does not work, say what to do, and warn once', async () => {
    const ours = registry({ interface: '203.0.113.9' });
    const words = /203\.0\.113\.9 .*container.*VPN.*firewall.*ip route add 224\.0\.0\.0\/4 dev lo/;
    for (let again = 0; again < 2; again++) {
      await expect(ours.getService('greeter')).rejects.toMatchObject({
        code: 'unavailable',
        message: expect.stringMatching(words),
      });
    }
    await expect(ours.register(record('a', [['a', '127.0.0.1:1']]), { ttlMs })).rejects.toMatchObject({
      code: 'unavailable',
    });
    await expect(ours.watch('a', () => {}, new AbortController())).rejects.toMatchObject({
      code: 'unavailable',
    });
    expect(told.filter(({ event }) => event === 'plugin.warning')).toHaveLength(1);
  });

  test('a port that could not be opened is tried again at the next use', async () => {
    const { port } = await ownGroup();
    const squatter = createSocket('udp4').bind(port, '0.0.0.0');
    await once(squatter, 'listening');
    const ours = registry({ port });
    await expect(ours.listServices()).rejects.toMatchObject({
      code: 'unavailable',
      message: expect.stringContaining(`${port}`),
    });
    await new Promise<void>((resolve) => squatter.close(resolve));
    expect(await ours.listServices()).toEqual([]);
  });
});

describe('registrations', () => {
  test('refuse an address that DNS cannot carry, by name', async () => {
    for (const address of [
      'unix:/tmp/a',
      'example.org:80',
      '127.0.0.1',
      '127.0.0.1:0',
      '127.0.0.1:65536',
      '::1:80',
      '[fe80::1%lo]:1',
      '',
    ]) {
      const registering = registry().register(record('a', [['a', address]]), { ttlMs });
      await expect(registering).rejects.toMatchObject({
        code: 'bad_request',
        message: expect.stringContaining(JSON.stringify(address)),
      });
    }
    expect(peer.heard).toEqual([]);
  });

  test('without a renewal end at their TTL, with a goodbye', async () => {
    const watch = follow(registry(), 'a');
    await eventually(() => watch.changes.length === 1);
    await registry().register(record('a', [['a', '127.0.0.1:1']]), { ttlMs: 300 });
    await eventually(() => watch.changes.at(-1)?.type === 'remove', { timeoutMs: 2_000 });
    await peer.say(encodeQuestion('a.micro', 1));
    await registry().getService('a');
    expect(peer.answers).toEqual([]);
    await watch.stop();
  });

  test('give up endpoints that fit into no message, and refuse metadata that does not', async () => {
    const random = (): string =>
      Buffer.from(Array.from({ length: 30 }, () => Math.random() * 256)).toString('hex');
    const endpoints = Array.from({ length: 3_000 }, () => ({
      name: random(),
      request: null,
      response: null,
      metadata: {},
    }));
    await registry().register(record('big', [['a', '127.0.0.1:1']], endpoints), { ttlMs });
    expect(await registry().getService('big')).toMatchObject([{ endpoints: [], nodes: [{ id: 'a' }] }]);
    expect(told.filter(({ event }) => event === 'plugin.warning')).toHaveLength(1);
    const metadata = Object.fromEntries(endpoints.map(({ name }) => [name, name]));
    const nodes = [{ id: 'a', address: '127.0.0.1:1', metadata }];
    await expect(registry().register({ ...record('b', []), nodes }, { ttlMs })).rejects.toMatchObject({
      code: 'too_large',
    });
  });
});

describe('hostile messages', () => {
  test('are counted, change nothing, and are not even read when they are not about our domain', async () => {
    const ours = registry();
    const service = record('greeter', [['a', '127.0.0.1:1']]);
    await ours.register(service, { ttlMs });
    const watch = follow(ours, undefined);
    await eventually(() => watch.changes.length === 1);
    const domain = Buffer.from('\x05micro\0');
    const node = { instance: 'b.greeter.micro', target: 'h', host: '127.0.0.1', port: 1 };
    const bomb =
      deflateSync(Buffer.alloc(4 << 20))
        .toString('hex')
        .match(/.{1,255}/g) ?? [];
    const before = counters()['transport.protocol_error'] ?? 0;
    const counted = [
      domain,
      Buffer.concat([Buffer.alloc(12, 255), domain]),
      encodeAnnouncement({ ...node, text: ['zz'] }, 9),
      encodeAnnouncement({ ...node, text: bomb }, 9),
    ];
    for (const bytes of counted) await peer.say(bytes);
    await eventually(() => counters()['transport.protocol_error'] === before + counted.length);
    for (const bytes of [Buffer.alloc(0), Buffer.alloc(600, 255), Buffer.from('\x05other\0')])
      await peer.say(bytes);
    expect(await ours.getService('greeter')).toEqual([service]);
    expect(counters()['transport.protocol_error']).toBe(before + counted.length);
    expect(watch.changes).toHaveLength(1);
    await watch.stop();
  });
});

describe('sockets', () => {
  const open = (): number => process.getActiveResourcesInfo().filter((type) => type === 'UDPWrap').length;

  test('are opened by the first use, keep the process alive only while something is registered or watched, and all close', async () => {
    const before = 2;
    await eventually(() => open() === before);
    const ours = registry();
    expect(open()).toBe(before);
    await ours.getService('greeter');
    expect(open()).toBe(before);
    const service = record('greeter', [['a', '127.0.0.1:1']]);
    await ours.register(service, { ttlMs });
    expect(open()).toBe(before + 1);
    const watch = follow(ours, 'greeter');
    await eventually(() => watch.changes.length === 1);
    await ours.deregister(service);
    expect(open()).toBe(before + 1);
    await watch.stop();
    expect(open()).toBe(before);
    await ours.register(service, { ttlMs });
    await Promise.all([ours.close(), ours.close()]);
    await eventually(() => open() === before);
  });

  test('are those of the options, which must make sense; importing the package chooses it', () => {
    expect(impliedName('registry')).toBe('mdns');
    const bad = [
      { port: 0 },
      { domain: '' },
      { domain: 'a..b' },
      { interface: 'eth0' },
      { queryMs: 0 },
      { refreshMs: Number.NaN },
    ];
    for (const options of bad)
      expect(() => mdnsRegistry(options)).toThrow(expect.objectContaining({ code: 'bad_request' }));
  });
});
