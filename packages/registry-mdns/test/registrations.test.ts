import { describe, expect, test } from '@jest/globals';
import { eventually } from '@micro/conformance';
import { impliedName } from '@micro/core';
import { mdnsRegistry } from '../src/index.ts';
import { encodeQuestion } from '../src/packet.ts';
import { follow, groupForEachTest, peer, record, registry, told, ttlMs } from './group.ts';

groupForEachTest();

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
    await eventually(() => watch.changes.at(-1)?.type === 'remove');
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
