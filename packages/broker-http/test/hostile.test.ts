import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { eventually } from '@micro/conformance';
import type { Broker, Registry, Service } from '@micro/core';
import { httpBroker } from '../src/index.ts';
import { exchange, goRequest, open } from './peers.ts';
import { brokerOf, inbox, message, network, subscribing } from './world.ts';

let service: Service;
let broker: Broker;
let address: string;
let path: string;
let box: ReturnType<typeof inbox>;
const curl = { 'User-Agent': 'curl' };

beforeEach(async () => {
  ({ service, broker } = brokerOf(network(), { maxBodyBytes: 1_000 }));
  box = inbox();
  await broker.subscribe('t', box.deliver, subscribing({ onError: box.onError }));
  const registry: Registry = service.plugin('registry');
  const [node] = (await registry.getService('micro.http.broker'))[0]?.nodes ?? [];
  address = node?.address ?? '';
  path = `/?id=${node?.id}`;
});

afterEach(async () => {
  // Whatever was sent, the next one gets in
  box.texts.length = 0;
  await broker.publish('t', [message('still here')]);
  expect(box.texts).toEqual(['still here']);
  await service.stop();
});

const good = '{"Header":{"Micro-Topic":"t"},"Body":"aGk="}';

describe('a receiver', () => {
  test.each([
    ['text that is not JSON', 'name=John', 400],
    ['garbage for base64', '{"Header":{"Micro-Topic":"t"},"Body":"%%%%"}', 400],
    ['a header that is no text', '{"Header":{"Micro-Topic":"t","x":{"y":1}},"Body":""}', 400],
    ['no topic', '{"Header":{},"Body":"aGk="}', 400],
    ['another topic', '{"Header":{"Micro-Topic":"T"},"Body":"aGk="}', 400],
    ['more than it takes', `{"Header":{"Micro-Topic":"t"},"Body":"${'aGhp'.repeat(300)}"}`, 413],
  ])('refuses %s, and tells its subscriber', async (_, body, status) => {
    expect(await exchange(address, goRequest(path, body, curl))).toMatch(new RegExp(`^HTTP/1.1 ${status} `));
    expect(box.texts).toEqual([]);
    expect(box.errors).toHaveLength(1);
  });

  test('refuses a body that grows beyond the bound without having said its length', async () => {
    const head = `POST ${path} HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n`;
    const chunk = `1f4\r\n${' '.repeat(500)}\r\n`;
    expect(await exchange(address, head + chunk.repeat(3))).toMatch(/^HTTP\/1\.1 413 /);
  });

  test('makes no prototype of what it reads', async () => {
    const body = '{"__proto__":{"a":1},"Header":{"Micro-Topic":"t","__proto__":"polluted"},"Body":"aGk="}';
    expect(await exchange(address, goRequest(path, body))).toMatch(/ 200 /);
    const [header = {}] = box.headers;
    expect(Object.getPrototypeOf(header)).toBeNull();
    expect(Object.getOwnPropertyDescriptor(header, '__proto__')?.value).toBe('polluted');
    expect(Reflect.get({}, 'a')).toBeUndefined();
  });

  test('takes POST alone', async () => {
    for (const method of ['GET', 'PUT', 'DELETE', 'OPTIONS']) {
      const request = goRequest(path, good, curl).replace('POST', method);
      const answer = await exchange(address, request);
      expect(answer).toMatch(/^HTTP\/1\.1 405 /);
      expect(answer).toMatch(/\r\nAllow: POST\r\n/);
    }
  });

  test('takes nothing that a web page can send without asking', async () => {
    for (const type of [
      'text/plain',
      'application/x-www-form-urlencoded',
      'multipart/form-data',
      'application/jsonx',
    ])
      expect(await exchange(address, goRequest(path, good, { ...curl, 'Content-Type': type }))).toMatch(
        / 415 /,
      );
    const utf8 = { 'Content-Type': 'application/json; charset=utf-8' };
    expect(await exchange(address, goRequest(path, good, utf8))).toMatch(/ 200 /);
  });

  test.each([
    '/',
    '/?',
    '/?id',
    '/?id=',
    '/?id=%',
    '/?id=t',
    '/?x=1&id=__proto__',
    '/?id=constructor',
    '//?id=a?id=b',
  ])('knows nobody at %s', async (unknown) => {
    expect(await exchange(address, goRequest(unknown, good, curl))).toMatch(/^HTTP\/1\.1 404 /);
  });

  test('refuses headers without end', async () => {
    const more = { ...curl, 'X-Long': 'x'.repeat(100_000) };
    expect(await exchange(address, goRequest(path, good, more))).toMatch(/ 431 /);
  });

  test('a publisher that leaves in the middle of its message frees its place', async () => {
    const one = inbox();
    await broker.subscribe('one', one.deliver, subscribing({ maxInFlight: 1, onError: one.onError }));
    const registry: Registry = service.plugin('registry');
    const nodes = (await registry.getService('micro.http.broker')).flatMap(({ nodes }) => nodes);
    const id = nodes.find(({ metadata }) => metadata.topic === 'one')?.id;
    const half = open(address);
    half.socket.write(goRequest(`/?id=${id}`, good).slice(0, -5));
    const publishing = broker.publish('one', [message('next')]);
    half.socket.end();
    await publishing;
    expect(one.texts).toEqual(['next']);
    await eventually(() => one.errors.length === 1);
  });
});

describe('options', () => {
  test.each([
    { address: 'nonsense' },
    { address: ['127.0.0.1:0', '127.0.0.1:1'] },
    { address: '127.0.0.1:70000' },
    { advertise: 'http://x' },
    { timeoutMs: 0 },
    { maxParallel: 1.5 },
    { maxBodyBytes: Number.NaN },
  ])('that make no sense are refused: %p', (options) => {
    expect(() => brokerOf(network(), options)).toThrow(expect.objectContaining({ code: 'bad_request' }));
  });

  test('without a service or client there is no registry, which it says', () => {
    expect(() => httpBroker()).toThrow(/needs|finds its subscribers in the registry/);
  });

  test('a queue cannot have the name that means no queue', async () => {
    const joining = broker.subscribe('t', inbox().deliver, subscribing({ queue: 'ff.http.broadcast' }));
    await expect(joining).rejects.toMatchObject({ code: 'bad_request' });
  });

  test('an address in use is unavailable, and the next subscription may have another fate', async () => {
    const taken = brokerOf(network(), { address });
    await expect(taken.broker.subscribe('t', inbox().deliver, subscribing())).rejects.toMatchObject({
      code: 'unavailable',
    });
    await taken.service.stop();
  });
});
