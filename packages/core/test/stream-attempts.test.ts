import { describe, expect, test } from '@jest/globals';
import { eventually } from '@micro/conformance';
import {
  contract,
  type NodeFilter,
  type OutgoingStream,
  rpc,
  type StreamSink,
  stream,
  type,
} from '../src/index.ts';
import { Node } from '../src/nodes.ts';
import { client, deferred } from './fleet.ts';
import { record, scriptedRegistry } from './scripted-registry.ts';
import { refused, scriptedTransport } from './scripted-transport.ts';

const text = type<string>();
const S = contract('s', 'S', {
  both: rpc({ request: stream(text), response: stream(text) }),
  sure: rpc({ request: stream(text), response: stream(text), idempotent: true }),
});

class Opened implements StreamSink {
  readonly stream: OutgoingStream;
  readonly address: string;
  readonly written: unknown[] = [];
  ended = 0;
  aborted = 0;
  room = true;

  constructor(stream: OutgoingStream, address: string) {
    this.stream = stream;
    this.address = address;
  }
  write(body: unknown): boolean {
    this.written.push(body);
    return this.room;
  }
  end(): void {
    this.ended++;
  }
  abort(): void {
    this.aborted++;
  }
  pause(): void {}
  resume(): void {}
}

function world(begun: (opened: Opened, count: number) => void) {
  const opened: Opened[] = [];
  const transport = scriptedTransport(() => undefined, {
    open(stream, { address }) {
      const one = new Opened(stream, address);
      opened.push(one);
      begun(one, opened.length);
      return one;
    },
  });
  const nodes = new Set<Node>();
  const filter: NodeFilter = (node) => node instanceof Node && nodes.add(node).size > 0;
  const api = client({ transport, registry: scriptedRegistry(() => [record('s', ['a', 'b'])]) }).of(S);
  return { api, opened, nodes, filter };
}

async function* of(...messages: string[]): AsyncGenerator<string> {
  yield* messages;
}
const pending = (nodes: ReadonlySet<Node>): number[] => [...nodes].map((node) => node.pending);

describe('attempts of streams', () => {
  test('a stream that was not delivered moves to another node with what was sent, in order', async () => {
    const { api, opened, nodes, filter } = world(({ stream }, count) => {
      if (count === 1) setImmediate(() => stream.fail(refused(), 'no'));
    });
    const reader = api.both(of('a', 'b', 'c'), { filter })[Symbol.asyncIterator]();
    const first = reader.next();
    await eventually(() => opened[1]?.ended === 1);
    const [one, two] = opened;
    expect(one?.address).not.toBe(two?.address);
    expect(one?.written).toEqual(['a', 'b', 'c']);
    expect(two?.written).toEqual(['a', 'b', 'c']);
    two?.stream.message('ok');
    await expect(first).resolves.toEqual({ done: false, value: 'ok' });
    expect(pending(nodes).sort()).toEqual([0, 1]);
    two?.stream.end();
    await expect(reader.next()).resolves.toMatchObject({ done: true });
    expect(pending(nodes)).toEqual([0, 0]);
  });

  test('a writer that waited for the lost connection goes on with the next', async () => {
    const { api, opened } = world((one, count) => {
      one.room = count > 1;
      if (count === 1) setImmediate(() => one.stream.fail(refused(), 'no'));
    });
    const reader = api.both(of('a', 'b', 'c'))[Symbol.asyncIterator]();
    const first = reader.next();
    await eventually(() => opened[1]?.ended === 1);
    expect(opened.map(({ written }) => written)).toEqual([['a'], ['a', 'b', 'c']]);
    opened[1]?.stream.end();
    await first;
  });

  test('a writer that goes on between two attempts loses nothing', async () => {
    const lost = deferred<void>();
    const { api, opened } = world(({ stream }, count) => {
      if (count > 1) return;
      setImmediate(() => {
        stream.fail(refused(), 'no');
        lost.resolve();
      });
    });
    const many = Array.from({ length: 40 }, (_, n) => `${n}`);
    async function* goesOn(): AsyncGenerator<string> {
      yield* many.slice(0, 2);
      await lost.promise;
      yield* many.slice(2);
    }
    const first = api.both(goesOn())[Symbol.asyncIterator]().next();
    await eventually(() => opened[1]?.ended === 1);
    expect(opened.map(({ written }) => written)).toEqual([many.slice(0, 2), many]);
    opened[1]?.stream.end();
    await first;
  });

  test.each([
    ['both', 'maybe', 1],
    ['sure', 'maybe', 2],
    ['both', 'no', 2],
  ] as const)(
    '%s that was lost before any reply (%s) is opened %i times',
    async (endpoint, delivered, times) => {
      const { api, opened } = world(({ stream }, count) => {
        setImmediate(() => (count === 1 ? stream.fail(refused(), delivered) : stream.end()));
      });
      const reading = api[endpoint](of('a'))[Symbol.asyncIterator]().next();
      await (times === 1 ? expect(reading).rejects.toMatchObject({ code: 'unavailable' }) : reading);
      expect(opened).toHaveLength(times);
    },
  );

  test('a stream that has heard anything, or sent more than is kept, is not repeated', async () => {
    const heard = world(({ stream }) =>
      setImmediate(() => {
        stream.message('x');
        stream.fail(refused(), 'no');
      }),
    );
    const reader = heard.api.sure(of('a'))[Symbol.asyncIterator]();
    await expect(reader.next()).resolves.toEqual({ done: false, value: 'x' });
    await expect(reader.next()).rejects.toMatchObject({ code: 'unavailable' });
    const much = world((one) => {
      setImmediate(() => setImmediate(() => one.stream.fail(refused(), 'no')));
    });
    const many = Array.from({ length: 100 }, (_, n) => `${n}`);
    await expect(
      much.api
        .sure(of(...many))
        [Symbol.asyncIterator]()
        .next(),
    ).rejects.toMatchObject({
      code: 'unavailable',
    });
    expect(heard.opened).toHaveLength(1);
    expect(much.opened).toHaveLength(1);
  });

  test('five streams that talked until their deadline do not put their node out', async () => {
    const { api, nodes, filter } = world(({ stream }) => setImmediate(() => stream.message('x')));
    for (let n = 0; n < 12; n++) {
      const reader = api.both(of('a'), { timeoutMs: 5, filter })[Symbol.asyncIterator]();
      await reader.next();
      await expect(reader.next()).rejects.toMatchObject({ code: 'timeout' });
    }
    expect([...nodes].map(({ outUntil }) => outUntil)).toEqual([0, 0]);
    expect(pending(nodes)).toEqual([0, 0]);
  });

  test('no ending leaves a call counted, and each that the server does not know of is told it', async () => {
    const { api, opened, nodes, filter } = world(() => undefined);
    const controller = new AbortController();
    const cancelled = api.both(of('a'), { filter, signal: controller.signal })[Symbol.asyncIterator]().next();
    const failing = deferred<string>();
    async function* fails(): AsyncGenerator<string> {
      yield await failing.promise;
    }
    const thrown = api.both(fails(), { filter })[Symbol.asyncIterator]().next();
    const left = api.both(of('a'), { filter })[Symbol.asyncIterator]();
    const unread = left.next();
    await eventually(() => opened.length === 3);
    expect(pending(nodes).reduce((sum, one) => sum + one)).toBe(3);
    controller.abort();
    failing.reject(new RangeError('mine'));
    await left.return?.();
    await expect(cancelled).rejects.toMatchObject({ code: 'canceled' });
    await expect(thrown).rejects.toThrow('mine');
    await expect(unread).resolves.toMatchObject({ done: true });
    expect(pending(nodes)).toEqual([0, 0]);
    expect(opened.map(({ aborted }) => aborted)).toEqual([1, 1, 1]);
  });

  test('the iterable of a client that fails says nothing good about a node that is out', async () => {
    const { api, nodes, filter } = world((one, count) => {
      if (count <= 2) setImmediate(() => one.stream.fail(refused(), 'no'));
    });
    await api
      .both(of(), { filter, retries: 1 })
      [Symbol.asyncIterator]()
      .next()
      .catch(() => undefined);
    expect([...nodes].map(({ strikes }) => strikes)).toEqual([1, 1]);
    async function* fails(): AsyncGenerator<string> {
      yield 'a';
      throw new RangeError('mine');
    }
    await expect(api.both(fails(), { filter })[Symbol.asyncIterator]().next()).rejects.toThrow('mine');
    expect([...nodes].map(({ strikes }) => strikes)).toEqual([1, 1]);
  });
});
