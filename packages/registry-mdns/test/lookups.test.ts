import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { describe, expect, test } from '@jest/globals';
import { eventually } from '@micro/conformance';
import { follow, groupForEachTest, questions, record, registry, told, ttlMs } from './group.ts';
import { ownGroup } from './port.ts';

groupForEachTest();

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
