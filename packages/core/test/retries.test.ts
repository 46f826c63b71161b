import { describe, expect, test } from '@jest/globals';
import { eventually } from '@micro/conformance';
import { contract, type Delivered, type MicroClient, rpc, type } from '../src/index.ts';
import { remoteError } from '../src/plugin.ts';
import { client } from './fleet.ts';
import { record, scriptedRegistry } from './scripted-registry.ts';
import { type Answer, refused, type ScriptedTransport, scriptedTransport } from './scripted-transport.ts';

const Store = contract('store', 'Store', {
  put: rpc({ request: type<string>(), response: type<string>() }),
  get: rpc({ request: type<string>(), response: type<string>(), idempotent: true }),
});

function fleet(
  nodes: readonly string[],
  answer: Answer,
): { client: MicroClient; transport: ScriptedTransport; sent: () => string[] } {
  const order: string[] = [];
  const transport = scriptedTransport((call, connection) => {
    order.push(connection.address);
    answer(call, connection);
  });
  const registry = scriptedRegistry(() => [record('store', nodes)]);
  return { client: client({ transport, registry }), transport, sent: () => order };
}

const lost = (): ReturnType<typeof remoteError> => remoteError('unavailable', 'the connection was lost');

describe('retries', () => {
  test('a call that was not delivered goes to another node, whatever the endpoint', async () => {
    const { client, sent } = fleet(['a', 'b'], (call) => {
      if (sent().length === 1) call.fail(refused(), 'no');
      else call.done('ok');
    });
    await expect(client.of(Store).put('x')).resolves.toBe('ok');
    expect([...sent()].sort()).toEqual(['a:1', 'b:1']);
  });

  test('what a node was too busy for goes to one that has not been asked, while there is any', async () => {
    for (let n = 0; n < 10; n++) {
      const { client, sent } = fleet(['a', 'b', 'c'], (call) => {
        if (sent().length <= 2) call.fail(remoteError('overloaded', 'too busy'), 'no');
        else call.done('ok');
      });
      await client.of(Store).put('x');
      expect([...sent()].sort()).toEqual(['a:1', 'b:1', 'c:1']);
    }
  });

  test('a call that may have been delivered is repeated only when its endpoint is idempotent', async () => {
    const { client, sent } = fleet(['a', 'b'], (call) => {
      if (sent().length % 2 === 1) call.fail(lost(), 'maybe');
      else call.done('ok');
    });
    await expect(client.of(Store).put('x')).rejects.toMatchObject({ code: 'unavailable' });
    expect(sent()).toHaveLength(1);
    sent().length = 0;
    await expect(client.of(Store).get('x')).resolves.toBe('ok');
    expect(sent()).toHaveLength(2);
  });

  test.each([
    ['put', 'unavailable', 1],
    ['get', 'unavailable', 4],
    ['get', 'overloaded', 4],
    ['get', 'internal', 1],
    ['get', 'not_found', 1],
    ['get', 'timeout', 1],
  ] as const)('an answer to %s of %s is sent %i times', async (endpoint, code, times) => {
    const { client, sent } = fleet(['a', 'b'], (call) => call.fail(remoteError(code, 'said so'), 'yes'));
    await expect(client.of(Store)[endpoint]('x')).rejects.toMatchObject({ code, message: 'said so' });
    expect(sent()).toHaveLength(times);
  });

  test.each([
    ['get', 'internal', 4],
    ['get', 'timeout', 4],
    ['put', 'internal', 1],
  ] as const)(
    'an answer to %s that may be lost is asked for again, whatever the code (%s)',
    async (endpoint, code, times) => {
      const { client, sent } = fleet(['a', 'b'], (call) => call.fail(remoteError(code, 'x'), 'maybe'));
      await expect(client.of(Store)[endpoint]('x')).rejects.toMatchObject({ code, delivered: 'maybe' });
      expect(sent()).toHaveLength(times);
    },
  );

  test.each([
    ['no', 'internal'],
    ['no', 'bad_request'],
    ['no', 'too_large'],
    ['no', 'unimplemented'],
  ] as const)('a request that was refused (%s) with %s is not sent again', async (delivered, code) => {
    const { client, sent } = fleet(['a', 'b'], (call) =>
      call.fail(remoteError(code, 'x'), delivered satisfies Delivered),
    );
    await expect(client.of(Store).get('x')).rejects.toMatchObject({ code });
    expect(sent()).toHaveLength(1);
  });

  test('what may have been delivered once is not told to be undelivered, however its call ends', async () => {
    const { client, sent } = fleet(['a', 'b'], (call) =>
      sent().length === 1 ? call.fail(lost(), 'maybe') : call.fail(refused(), 'no'),
    );
    const { get } = client.of(Store);
    await expect(get('x')).rejects.toMatchObject({ message: 'connection refused', delivered: 'maybe' });
    sent().length = 0;
    const controller = new AbortController();
    const ended = expect(get('x', { signal: controller.signal, retries: 99 })).rejects.toMatchObject({
      code: 'canceled',
      delivered: 'maybe',
    });
    await eventually(() => sent().length > 2);
    controller.abort();
    await ended;
  });

  test('calls that fail with one object are told of their own deliveries', async () => {
    const error = lost();
    const { client, sent } = fleet(['a'], (call) => call.fail(error, sent().length === 1 ? 'maybe' : 'no'));
    const put = (): Promise<unknown> =>
      client
        .of(Store)
        .put('x', { retries: 0 })
        .catch((thrown: unknown) => thrown);
    const failures = await Promise.all([put(), put()]);
    expect(failures).toMatchObject([{ delivered: 'maybe' }, { delivered: 'no' }]);
    expect(failures[1]).toMatchObject({ code: 'unavailable', message: error.message, status: error.status });
  });

  test('a call that could not even begin was not delivered', async () => {
    const { client, sent } = fleet(['a'], (call) => call.done('ok'));
    const { get } = client.of(Store);
    const canceled = { code: 'canceled', delivered: 'no' };
    await expect(get('x', { signal: AbortSignal.abort() })).rejects.toMatchObject(canceled);
    await expect(get('x', { timeoutMs: -1 })).rejects.toMatchObject({ code: 'timeout', delivered: 'no' });
    expect(sent()).toEqual([]);
  });

  test('retries: 0 means none, of a call and of a client', async () => {
    const { client: usual, sent } = fleet(['a', 'b'], (call) => call.fail(refused(), 'no'));
    await expect(usual.of(Store).get('x', { retries: 0 })).rejects.toMatchObject({ code: 'unavailable' });
    expect(sent()).toHaveLength(1);
    const transport = scriptedTransport((call) => call.fail(refused(), 'no'));
    const registry = scriptedRegistry(() => [record('store', ['a', 'b'])]);
    const never = client({ transport, registry, retries: 0 });
    await expect(never.of(Store).get('x')).rejects.toMatchObject({ code: 'unavailable' });
    expect(transport.dialled.flatMap(({ requests }) => requests)).toHaveLength(1);
    const flagged = client({ transport, registry, env: { MICRO_CLIENT_RETRIES: '0' } });
    await expect(flagged.of(Store).get('x')).rejects.toMatchObject({ code: 'unavailable' });
    expect(transport.dialled.flatMap(({ requests }) => requests)).toHaveLength(2);
  });

  test('three further attempts by default, and as many as the call says', async () => {
    const { client, sent } = fleet(['a'], (call) => call.fail(refused(), 'no'));
    await expect(client.of(Store).put('x')).rejects.toMatchObject({ code: 'unavailable' });
    expect(sent()).toHaveLength(4);
    await expect(client.of(Store).put('x', { retries: 1 })).rejects.toMatchObject({ code: 'unavailable' });
    expect(sent()).toHaveLength(6);
  });

  test('the same object and the same body are sent again', async () => {
    const { client, transport } = fleet(['a', 'b'], (call, { requests }) => {
      if (requests.length === 1 && transport.dialled.flatMap((one) => one.requests).length === 1)
        call.fail(refused(), 'no');
      else call.done('ok');
    });
    await client.of(Store).put('x');
    const [first, second] = transport.dialled.flatMap(({ requests }) => requests);
    expect(first).toBe(second);
    expect(first?.body).toBe('x');
  });

  test('a wait that would end after the deadline is not begun: the failure is told, not a timeout', async () => {
    const { client, sent } = fleet(['a'], (call) => call.fail(refused(), 'no'));
    // the waits grow to a second; within 60 ms no call makes all its twenty attempts
    await expect(client.of(Store).put('x', { timeoutMs: 60, retries: 20 })).rejects.toMatchObject({
      code: 'unavailable',
      message: 'connection refused',
    });
    expect(sent().length).toBeLessThan(20);
  });

  test('repetitions of delivered calls end with the budget, and begin again when it has refilled', async () => {
    const { client, sent } = fleet(['a', 'b'], (call) => call.fail(lost(), 'maybe'));
    const { get } = client.of(Store);
    const call = (): Promise<unknown> => get('x', { retries: 1 }).catch(() => undefined);
    await Promise.all(Array.from({ length: 1_000 }, call));
    // 1,000 calls, 20 % of them (at most 100 saved up), the reserve of 100, and 10 a second
    expect(sent().length).toBeGreaterThanOrEqual(1_200);
    expect(sent().length).toBeLessThan(1_350);
    await eventually(async () => {
      const before = sent().length;
      await get('x', { retries: 1 }).catch(() => undefined);
      return sent().length === before + 2;
    });
  });

  test('calls that were not delivered do not use the budget', async () => {
    const { client, sent } = fleet(['a', 'b'], (call) => call.fail(refused(), 'no'));
    const { put } = client.of(Store);
    await Promise.all(Array.from({ length: 500 }, () => put('x', { retries: 1 }).catch(() => undefined)));
    expect(sent()).toHaveLength(1_000);
  });

  test('a cancelled call is not sent again', async () => {
    const controller = new AbortController();
    const { client, sent } = fleet(['a'], (call) => {
      call.fail(refused(), 'no');
      controller.abort(new Error('enough'));
    });
    await expect(client.of(Store).get('x', { signal: controller.signal })).rejects.toMatchObject({
      code: 'canceled',
      cause: { message: 'enough' },
    });
    expect(sent()).toHaveLength(1);
  });

  test('answers that come after the end are dropped', async () => {
    const { client, transport } = fleet(['a'], () => undefined);
    const controller = new AbortController();
    const reply = client.of(Store).get('x', { signal: controller.signal });
    await eventually(() => transport.to('a:1').requests.length === 1);
    controller.abort();
    await expect(reply).rejects.toMatchObject({ code: 'canceled' });
    const [call] = transport.to('a:1').requests;
    expect(transport.to('a:1').cancelled).toEqual([call]);
    call?.done('late');
    call?.fail(refused(), 'no');
    expect(transport.to('a:1').requests).toHaveLength(1);
  });
});
