import { describe, expect, test } from '@jest/globals';
import { eventually } from '@micro/conformance';
import {
  type Channel,
  channel,
  contract,
  type MicroClient,
  MicroError,
  rpc,
  type Schema,
  stream,
  type,
} from '../src/index.ts';
import { client, deferred, network, service, still } from './fleet.ts';

/** Valid unless it is 'bad'; says so later. */
const checkedLater: Schema<string, string> = {
  '~standard': {
    version: 1,
    vendor: 'test',
    validate: async (value) =>
      value === 'bad' ? { issues: [{ message: 'is bad' }] } : { value: String(value) },
  },
};
const text = type<string>();
const S = contract('s', 'S', {
  down: rpc({ request: text, response: stream(text) }),
  up: rpc({ request: stream(text), response: text }),
  both: rpc({ request: stream(text), response: stream(text) }),
  checkedDown: rpc({ request: text, response: stream(checkedLater) }),
  checkedUp: rpc({ request: stream(checkedLater), response: text }),
});

interface Seen {
  produced: number;
  aborted: number;
  finished: number;
  readonly read: string[];
}
const onAbort = (seen: Seen, signal: AbortSignal): void =>
  signal.addEventListener('abort', () => {
    seen.aborted++;
  });

async function world(back?: () => AsyncIterable<string>): Promise<{ client: MicroClient; seen: Seen }> {
  const around = network();
  const seen: Seen = { produced: 0, aborted: 0, finished: 0, read: [] };
  const made = service({ ...around, name: 's' });
  async function* down(request: string, ctx: { readonly signal: AbortSignal }): AsyncGenerator<string> {
    onAbort(seen, ctx.signal);
    const [count = 0, then] = request.split(' ');
    try {
      for (let n = 0; n < Number(count); n++) {
        seen.produced++;
        yield `m${n}`;
      }
      if (then === 'throw') throw new MicroError('conflict', 'in the middle');
      if (then === 'bad') yield 'bad';
      if (then === 'hang' || then === 'bad')
        await new Promise((resolve) => ctx.signal.addEventListener('abort', resolve));
    } finally {
      seen.finished++;
    }
  }
  made.handle(S, {
    down: (request, ctx) => back?.() ?? down(request, ctx),
    checkedDown: down,
    async up(requests, ctx) {
      onAbort(seen, ctx.signal);
      for await (const request of requests) {
        seen.read.push(request);
        if (request === 'enough') return 'early';
      }
      return `${seen.read.length}`;
    },
    async checkedUp(requests) {
      for await (const request of requests) seen.read.push(request);
      return 'done';
    },
    async *both(requests) {
      for await (const request of requests) yield request.toUpperCase();
    },
  });
  await made.start();
  return { client: client(around), seen };
}

async function all<T>(messages: AsyncIterable<T>): Promise<T[]> {
  const read: T[] = [];
  for await (const message of messages) read.push(message);
  return read;
}
async function* of(...messages: string[]): AsyncGenerator<string> {
  yield* messages;
}

describe('the four kinds', () => {
  test('empty streams end well', async () => {
    const { client } = await world();
    const api = client.of(S);
    expect(await all(api.down('0'))).toEqual([]);
    expect(await api.up(of())).toBe('0');
    expect(await all(api.both(of()))).toEqual([]);
  });

  test('two hundred at once do not mix', async () => {
    const { client } = await world();
    const api = client.of(S);
    const runs = Array.from({ length: 200 }, async (_, n) => {
      if (n % 2 === 0) return expect(await all(api.down(`${n}`))).toHaveLength(n);
      expect(await all(api.both(of(`a${n}`, `b${n}`)))).toEqual([`A${n}`, `B${n}`]);
    });
    await Promise.all(runs);
  });

  test('without a contract every kind can be streamed', async () => {
    const { client } = await world();
    expect(await all(client.stream('s', 'S.Down', of('2')))).toEqual(['m0', 'm1']);
    expect(await all(client.stream('s', 'S.Up', of('a', 'b')))).toEqual(['2']);
    expect(await all(client.stream('s', 'S.Both', of('a')))).toEqual(['A']);
  });

  test.each([[0], [2]])('a server stream with %i requests is refused', async (count) => {
    const { client, seen } = await world();
    await expect(all(client.stream('s', 'S.Down', of(...['1', '2'].slice(0, count))))).rejects.toMatchObject({
      code: 'bad_request',
    });
    expect(seen.produced).toBe(0);
  });

  test('a unary endpoint is not streamed, nor a stream called', async () => {
    const { client } = await world();
    await expect(client.call('s', 'S.Down', '1')).rejects.toMatchObject({
      code: 'bad_request',
      message: 'S.Down must be opened as a stream',
    });
  });
});

describe('backpressure', () => {
  test('a slow reader bounds what the handler produces', async () => {
    const { client, seen } = await world();
    const reader = client.of(S).down('100000')[Symbol.asyncIterator]();
    await reader.next();
    await still(() => seen.produced);
    expect(seen.produced).toBeLessThanOrEqual(64);
    for (let n = 0; n < 500; n++) await reader.next();
    expect(seen.produced).toBeGreaterThanOrEqual(500);
    expect(seen.produced).toBeLessThanOrEqual(600);
    await reader.return?.();
  });

  test('a slow handler bounds what the client produces', async () => {
    const { client } = await world();
    let produced = 0;
    async function* endless(): AsyncGenerator<string> {
      for (;;) {
        produced++;
        yield 'x';
      }
    }
    const reader = client.of(S).both(endless())[Symbol.asyncIterator]();
    await reader.next();
    await still(() => produced);
    expect(produced).toBeLessThanOrEqual(128);
    await reader.return?.();
  });
});

describe('endings', () => {
  test('a reader that breaks off cancels the handler, which cleans up', async () => {
    const { client, seen } = await world();
    for await (const message of client.of(S).down('100000')) if (message === 'm3') break;
    await eventually(() => seen.aborted === 1 && seen.finished === 1);
  });

  test('an error in the middle comes after the messages before it', async () => {
    const { client } = await world();
    const read: string[] = [];
    const reading = (async () => {
      for await (const message of client.of(S).down('40 throw')) read.push(message);
    })();
    await expect(reading).rejects.toMatchObject({ code: 'conflict', message: 'in the middle', id: 's' });
    expect(read).toHaveLength(40);
  });

  test('what the iterable of the client throws is what the client sees, and the handler is told', async () => {
    const { client, seen } = await world();
    async function* failing(): AsyncGenerator<string> {
      yield 'a';
      throw new RangeError('of my own');
    }
    await expect(client.of(S).up(failing())).rejects.toThrow(new RangeError('of my own'));
    await eventually(() => seen.aborted === 1);
    await expect(all(client.of(S).both(failing()))).rejects.toThrow(new RangeError('of my own'));
  });

  test('a handler that has heard enough ends the iterable of the client', async () => {
    const { client } = await world();
    let left = false;
    async function* endless(): AsyncGenerator<string> {
      try {
        yield 'a';
        yield 'enough';
        for (;;) yield 'more';
      } finally {
        left = true;
      }
    }
    expect(await client.of(S).up(endless())).toBe('early');
    await eventually(() => left);
  });

  test('a reply that is found bad later ends the stream on both sides', async () => {
    const { client, seen } = await world();
    const read: string[] = [];
    const reading = (async () => {
      for await (const message of client.of(S).checkedDown('3 bad')) read.push(message);
    })();
    await expect(reading).rejects.toMatchObject({ code: 'bad_request' });
    expect(read).toEqual(['m0', 'm1', 'm2']);
    await eventually(() => seen.aborted === 1 && seen.finished === 1);
  });

  test('a request that is found bad later fails the stream', async () => {
    const { client, seen } = await world();
    await expect(client.of(S).checkedUp(of('a', 'bad', 'b'))).rejects.toMatchObject({
      code: 'bad_request',
      message: 'the request of S.CheckedUp is not valid: is bad',
    });
    expect(seen.read).toEqual(['a']);
  });

  test('a handler must return an iterable', async () => {
    const { client } = await world(() => JSON.parse('3'));
    await expect(all(client.of(S).down('1'))).rejects.toMatchObject({
      code: 'internal',
      message: 'the handler of S.Down must return an async iterable',
    });
  });

  test('a signal ends a stream that nobody reads', async () => {
    const { client, seen } = await world();
    const controller = new AbortController();
    const messages = client.of(S).down('5 hang', { signal: controller.signal });
    await eventually(() => seen.produced === 5);
    controller.abort();
    await eventually(() => seen.aborted === 1 && seen.finished === 1);
    await expect(all(messages)).rejects.toMatchObject({ code: 'canceled' });
  });
});

describe('channels', () => {
  test('a channel returned by a handler is told when its reader leaves', async () => {
    let made: Channel<string> | undefined;
    const told = deferred<unknown>();
    const { client } = await world(() => {
      const mine = channel<string>({ buffer: 2 });
      made = mine;
      const write = async (): Promise<void> => {
        for (;;) await mine.send('x');
      };
      write().catch(told.resolve);
      return mine;
    });
    for await (const message of client.of(S).down('')) {
      expect(message).toBe('x');
      break;
    }
    await expect(told.promise).resolves.toMatchObject({ code: 'canceled' });
    await expect(made?.send('y')).rejects.toMatchObject({ code: 'canceled' });
  });

  test('messages sent before the end are sent well, though their writer waited', async () => {
    const one = channel<number>({ buffer: 1 });
    const sends = [one.send(1), one.send(2)];
    one.end();
    await expect(Promise.all(sends)).resolves.toEqual([undefined, undefined]);
    expect(await all(one)).toEqual([1, 2]);
    await expect(one.send(3)).rejects.toMatchObject({ code: 'canceled' });
  });

  test('a channel given to a call that cannot begin tells its writer', async () => {
    const { client } = await world();
    const input = channel<string>({ buffer: 1 });
    const written = input.send('x');
    const signal = AbortSignal.abort();
    await expect(client.of(S).up(input, { signal })).rejects.toMatchObject({ code: 'canceled' });
    await expect(written).rejects.toMatchObject({ code: 'canceled' });
  });

  test('a second reader at the same time is refused', async () => {
    const one = channel<number>();
    const reader = one[Symbol.asyncIterator]();
    const first = reader.next();
    await expect(reader.next()).rejects.toMatchObject({ code: 'conflict' });
    await one.send(1);
    await expect(first).resolves.toEqual({ done: false, value: 1 });
  });
});
