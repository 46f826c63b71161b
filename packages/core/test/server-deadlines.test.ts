import { describe, expect, test } from '@jest/globals';
import { eventually } from '@micro/conformance';
import { Deadlines, deadlines } from '../src/deadlines.ts';
import { HandlerContext } from '../src/handler-context.ts';
import {
  type Context,
  type Contract,
  contract,
  type IncomingCall,
  type MicroError,
  noMetadata,
  rpc,
  type Schema,
  type StreamReceiver,
  type StreamSink,
  stream,
  type Work,
} from '../src/index.ts';
import { now, staleClock } from '../src/plugin.ts';
import { Server } from '../src/server.ts';
import { client, deferred } from './fleet.ts';
import { record, scriptedRegistry } from './scripted-registry.ts';
import { scriptedTransport } from './scripted-transport.ts';

// The server alone, behind a transport that never tells that a caller has left: its own clock must do
type Validate = Schema<string>['~standard']['validate'];
type Outcome = string | MicroError;

function served(handler: (request: string, ctx: Context) => unknown, validate?: Validate) {
  const text: Schema<string> = {
    '~standard': {
      version: 1,
      vendor: 'test',
      validate: validate ?? ((value) => ({ value: String(value) })),
    },
  };
  const Timed = contract('timed', 'Timed', {
    one: rpc({ request: text, response: text }),
    feed: rpc({ request: text, response: stream(text) }),
  });
  const server = new Server({
    ...{ name: 'timed', maxInFlight: 10, middleware: [], ambient: false },
    ...{ codecs: () => new Map(), values: () => true, replyMetadata: () => true },
  });
  server.routes.add(Timed as unknown as Contract<object>, { one: handler, feed: handler });
  const peer = { address: 'here' };
  const call = (remainingMs: number): { readonly outcome: Promise<Outcome>; readonly work: Work } => {
    const { promise: outcome, resolve } = deferred<Outcome>();
    const incoming: IncomingCall = {
      ...{ body: 'x', remainingMs, metadata: noMetadata, peer },
      reply: (body) => resolve(String(body)),
      fail: resolve,
    };
    return { outcome, work: server.call(server.route('timed', 'Timed.One', ''), incoming) };
  };
  const open = (
    remainingMs: number,
  ): { readonly ended: Promise<Outcome>; readonly receiver: StreamReceiver } => {
    const { promise: ended, resolve } = deferred<Outcome>();
    const sink: StreamSink = {
      write: () => true,
      end: () => resolve('ended'),
      abort: resolve,
      pause() {},
      resume() {},
    };
    const receiver = server.stream(server.route('timed', 'Timed.Feed', ''), {
      ...{ remainingMs, metadata: noMetadata, peer, sink },
    });
    return { ended, receiver };
  };
  return { call, open };
}
const late = expect.objectContaining({ code: 'timeout', message: expect.stringContaining('has passed') });

/** Time passes while nothing else can run. */
function busyFor(ms: number): void {
  const end = performance.now() + ms;
  while (performance.now() < end);
  staleClock();
}

describe('the server by itself', () => {
  test('does not begin what has expired while it waited its turn', async () => {
    let ran = 0;
    const { call, open } = served(() => ran++);
    const { outcome } = call(2);
    const { ended, receiver } = open(2);
    busyFor(5);
    receiver.message('x');
    receiver.end();
    expect(await outcome).toEqual(late);
    expect(await ended).toEqual(late);
    expect(ran).toBe(0);
  });

  test('does not begin what has expired, or was left, while its request was checked', async () => {
    let ran = 0;
    const checked = deferred();
    const { call } = served(
      () => ran++,
      async (value) => {
        await checked.promise;
        return { value: String(value) };
      },
    );
    const expiring = call(50);
    const leaving = call(0);
    await new Promise(setImmediate); // both are being checked
    leaving.work.cancel();
    busyFor(60);
    checked.resolve();
    expect(await expiring.outcome).toEqual(late);
    await new Promise(setImmediate);
    expect(ran).toBe(0);
  });

  test('answers a reply that comes after the deadline with a timeout', async () => {
    const { call } = served(async () => {
      busyFor(5);
      return 'too late';
    });
    expect(await call(2).outcome).toEqual(late);
    expect(await call(0).outcome).toBe('too late');
  });

  test('aborts the signal at the deadline, and answers, of calls and streams', async () => {
    const reasons: unknown[] = [];
    const { call, open } = served(async (_, { signal }) => {
      await new Promise((resolve) => signal.addEventListener('abort', resolve));
      reasons.push(signal.reason);
    });
    expect(await call(5).outcome).toEqual(late);
    const { ended, receiver } = open(5);
    receiver.message('x');
    receiver.end();
    expect(await ended).toEqual(late);
    await eventually(() => reasons.length === 2);
    for (const reason of reasons) expect(reason).toMatchObject({ code: 'timeout' });
  });

  test('ends a stream at its deadline though its handler never looks', async () => {
    const { open } = served(async function* () {
      await new Promise(() => undefined);
    });
    const { ended, receiver } = open(5);
    receiver.message('x');
    receiver.end();
    expect(await ended).toEqual(late);
  });
});

describe('deadlines', () => {
  test('beyond what a timer reaches are looked at seldom', async () => {
    const table = new Deadlines();
    let looks = 0;
    const entry = {
      get endsAt() {
        looks++;
        return now() + 2 ** 40;
      },
      place: -1,
      expire: () => undefined,
    };
    table.add(entry);
    const end = performance.now() + 30;
    await eventually(() => performance.now() > end);
    table.remove(entry);
    expect(looks).toBeLessThan(5);
  });

  test('use the places of those that are gone', () => {
    const table = new Deadlines();
    const make = () => ({ endsAt: now() + 60_000, place: -1, expire: () => undefined });
    const first = make();
    table.add(first);
    for (let n = 0; n < 1_000; n++) {
      const entry = make();
      table.add(entry);
      expect(entry.place).toBe(1);
      table.remove(entry);
    }
    table.remove(first);
  });

  test('leave their table when the handler has ended, and its calls leave the handler', async () => {
    const ctx = new HandlerContext({ remainingMs: 60_000, metadata: noMetadata, peer: { address: 'x' } });
    expect(ctx.signal.aborted).toBe(false);
    expect(ctx.place).toBeGreaterThanOrEqual(0);
    const registry = scriptedRegistry(() => [record('s', ['a'])]);
    const transport = scriptedTransport((call) => call.done('ok'));
    const calls = client({ registry, transport });
    let cancelled = 0;
    for (let n = 0; n < 3; n++) {
      await calls.call('s', 'E.Do', n, { ctx });
      const made = transport.to('a:1').requests[n];
      if (made === undefined) throw new Error('nothing was sent');
      Object.assign(made, { cancel: () => cancelled++ });
    }
    ctx.finish();
    expect(ctx.place).toBe(-1);
    ctx.cancel();
    expect(cancelled).toBe(0);
    deadlines.remove(ctx);
  });
});
