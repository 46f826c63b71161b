import { describe, expect, test } from '@jest/globals';
import { eventually } from '@micro/conformance';
import { decode, encode } from 'dns-packet';
import { encodeQuestion } from '../src/packet.ts';
import {
  announcements,
  follow,
  goNode,
  groupForEachTest,
  peer,
  questions,
  record,
  registry,
  ttlMs,
} from './group.ts';
import { answerByGo } from './vectors.ts';

groupForEachTest();

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
