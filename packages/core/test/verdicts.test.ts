import { getEventListeners } from 'node:events';
import { expect, test } from '@jest/globals';
import { type Context, counters, PermanentError, type Schema } from '../src/index.ts';
import { deferred } from './fleet.ts';
import { bodyOf, boom, type Item, scriptedBroker, subscriber } from './scripted-broker.ts';

test('a handler that resolves is an ack, one that throws a retry with growing delays', async () => {
  const { broker, give } = scriptedBroker();
  await subscriber(broker, ({ id }) => (id === 1 ? undefined : boom()));
  expect(await give({})).toEqual({ outcome: 'ack' });
  const bad = { body: bodyOf('{"id":2}') };
  const delays: number[] = [];
  for (const attempt of [1, 2, 3, 4]) {
    const verdict = await give(bad, attempt);
    delays.push(verdict.outcome === 'retry' ? verdict.delayMs : 0);
  }
  [100, 400, 1_600, 6_400].forEach((least, n) => {
    expect(delays[n]).toBeGreaterThanOrEqual(least);
    expect(delays[n]).toBeLessThanOrEqual(least * 1.5);
  });
});

test('after the last attempt an event goes to the dead letter, whole and with the reasons', async () => {
  const { broker, give, published } = scriptedBroker();
  await subscriber(broker, boom, { attempts: 3 });
  const header = { 'content-type': 'application/json', 'micro-id': 'x', tenant: 'a' };
  expect(await give({ header, key: 'k' }, 2)).toMatchObject({ outcome: 'retry' });
  expect(await give({ header, key: 'k' }, 3)).toEqual({ outcome: 'ack' });
  expect(published).toHaveLength(1);
  expect(published[0]).toMatchObject({
    topic: 'news.dead',
    message: {
      key: 'k',
      header: {
        ...header,
        'micro-dead-topic': 'news',
        'micro-dead-service': 'reader',
        'micro-dead-attempts': '3',
        'micro-dead-reason': 'RangeError: boom',
      },
    },
  });
  expect(new TextDecoder().decode(published[0]?.message.body)).toBe('{"id":1}');
});

test.each([
  ['a PermanentError', () => new PermanentError('bad_request', 'never')],
  ['an error caused by one', () => new Error('outer', { cause: new PermanentError('conflict', 'inner') })],
  ['anything marked so', () => Object.assign(new Error('x'), { permanent: true })],
])('%s goes to the dead letter at once', async (_, make) => {
  const { broker, give, published } = scriptedBroker();
  await subscriber(broker, () => {
    throw make();
  });
  expect(await give({})).toEqual({ outcome: 'ack' });
  expect(published[0]?.message.header['micro-dead-attempts']).toBe('1');
});

test.each([
  ['no JSON', { body: bodyOf('{') }],
  ['not UTF-8', { body: Uint8Array.of(0xff) }],
  ['in an unknown content type', { header: { 'content-type': 'application/x-nope' } }],
])('an event that is %s is undecodable: dead at once, and counted', async (_, message) => {
  const { broker, give, published } = scriptedBroker();
  let ran = 0;
  await subscriber(broker, () => void ran++);
  const before = counters()['event.undecodable'] ?? 0;
  expect(await give(message)).toEqual({ outcome: 'ack' });
  expect(published[0]?.topic).toBe('news.dead');
  expect(counters()['event.undecodable']).toBe(before + 1);
  expect(ran).toBe(0);
});

test('an event that its schema refuses is dead at once', async () => {
  const { broker, give, published } = scriptedBroker();
  const refusing: Schema<Item> = {
    '~standard': { version: 1, vendor: 'test', validate: async () => ({ issues: [{ message: 'no' }] }) },
  };
  await subscriber(broker, () => undefined, {}, refusing);
  expect(await give({})).toEqual({ outcome: 'ack' });
  expect(published[0]?.message.header['micro-dead-reason']).toContain('the event of news is not valid: no');
});

test('while the dead letter cannot be kept the event is not given up', async () => {
  const { broker, give, published, fail } = scriptedBroker();
  await subscriber(broker, boom, { attempts: 1 });
  fail(true);
  expect(await give({})).toMatchObject({ outcome: 'retry' });
  fail(false);
  expect(await give({}, 2)).toEqual({ outcome: 'ack' });
  expect(published).toHaveLength(1);
});

test('without a dead letter the loss is counted', async () => {
  const { broker, give, published } = scriptedBroker();
  await subscriber(broker, boom, { attempts: 1, deadLetter: false });
  const before = counters()['event.lost'] ?? 0;
  expect(await give({})).toEqual({ outcome: 'ack' });
  expect(counters()['event.lost']).toBe(before + 1);
  expect(published).toEqual([]);
});

test.each([['string'], [undefined], [null], [Object.create(null)], [Symbol('s')]])(
  'a handler may throw anything (%#): the event is dead after its attempts',
  async (thrown) => {
    const { broker, give, published } = scriptedBroker();
    await subscriber(
      broker,
      () => {
        throw thrown;
      },
      { attempts: 1 },
    );
    expect(await give({})).toEqual({ outcome: 'ack' });
    expect(published).toHaveLength(1);
  },
);

test('a handler that takes longer than ackWaitMs is aborted and the event tried again', async () => {
  const { broker, give } = scriptedBroker();
  const reasons: unknown[] = [];
  await subscriber(
    broker,
    async (_, ctx) => {
      ctx.signal.addEventListener('abort', () => reasons.push(ctx.signal.reason));
      await new Promise(() => undefined);
    },
    { ackWaitMs: 20 },
  );
  expect(await give({})).toMatchObject({ outcome: 'retry' });
  expect(reasons).toEqual([expect.objectContaining({ code: 'timeout' })]);
});

test('a check that never ends is bounded by ackWaitMs too', async () => {
  const { broker, give } = scriptedBroker();
  const stuck: Schema<Item> = {
    '~standard': { version: 1, vendor: 'test', validate: () => new Promise(() => undefined) },
  };
  await subscriber(broker, () => undefined, { ackWaitMs: 20 }, stuck);
  expect(await give({})).toMatchObject({ outcome: 'retry' });
});

test('a broker that takes the event away aborts the handler, and leaves no listener behind', async () => {
  const { broker, give } = scriptedBroker();
  const running = deferred<Context>();
  await subscriber(broker, async ({ id }, ctx) => {
    if (id !== 1) return;
    running.resolve(ctx);
    await new Promise(() => undefined);
  });
  const partition = new AbortController();
  const quick = { body: bodyOf('{"id":2}') };
  for (let n = 0; n < 20; n++) await give(quick, 1, partition.signal);
  expect(getEventListeners(partition.signal, 'abort')).toHaveLength(0);
  const verdict = give({}, 1, partition.signal);
  const ctx = await running.promise;
  partition.abort(new Error('rebalance'));
  await verdict;
  expect(ctx.cancelled).toBe(true);
  expect(await give({}, 1, partition.signal)).toMatchObject({ outcome: 'retry' });
});

test('a check that ends too late does not begin the handler', async () => {
  const { broker, give } = scriptedBroker();
  const slow = deferred<{ readonly value: Item }>();
  const schema: Schema<Item> = {
    '~standard': { version: 1, vendor: 'test', validate: () => slow.promise },
  };
  let ran = 0;
  await subscriber(broker, () => void ran++, { ackWaitMs: 20 }, schema);
  expect(await give({})).toMatchObject({ outcome: 'retry' });
  slow.resolve({ value: { id: 1 } });
  await new Promise(setImmediate);
  expect(ran).toBe(0);
});

test('an event that has been taken away before it is read does not begin the handler', async () => {
  const { broker, give } = scriptedBroker();
  let ran = 0;
  await subscriber(broker, () => void ran++);
  expect(await give({}, 1, AbortSignal.abort())).toMatchObject({ outcome: 'retry' });
  expect(ran).toBe(0);
});

test('the reason in a dead letter is text that every broker takes as a header', async () => {
  const { broker, give, published } = scriptedBroker();
  const texts = ['\nfirst\r\nsecond\0 ', 'lone \ud800 half', `${'x'.repeat(989)} 🦊🦊🦊`, ''];
  await subscriber(broker, ({ id }) => Promise.reject(new Error(texts[id])), { attempts: 1 });
  for (const id of texts.keys()) await give({ body: bodyOf(`{"id":${id}}`) });
  const reasons = published.map(({ message }) => message.header['micro-dead-reason'] ?? '');
  expect(reasons.slice(0, 2)).toEqual(['Error:  first second', 'Error: lone   half']);
  expect(reasons[3]).toBe('Error:');
  for (const reason of reasons) {
    expect(reason.trim()).toBe(reason);
    expect(reason.length).toBeLessThanOrEqual(1_000);
    expect(reason).not.toMatch(/[\p{Cc}\p{Cs}]/u);
  }
});
