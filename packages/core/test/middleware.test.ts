import { describe, expect, test } from '@jest/globals';
import { eventually } from '@micro/conformance';
import {
  type Call,
  contextKey,
  contract,
  isStream,
  MicroError,
  type Middleware,
  rpc,
  type ServiceOptions,
  stream,
  tap,
  topic,
  type,
  withMetadata,
} from '../src/index.ts';
import { client, deferred, network, service } from './fleet.ts';

const text = type<string>();
const Work = contract('work', 'Work', {
  one: rpc({ request: text, response: text, idempotent: true }),
  feed: rpc({ request: text, response: stream(text) }),
  sum: rpc({ request: stream(text), response: text }),
  chat: rpc({ request: stream(text), response: stream(text) }),
});
const News = topic('news', text);
const User = contextKey<string>('middleware-test-user');

async function* list(...all: readonly string[]): AsyncGenerator<string, void, undefined> {
  yield* all;
}
async function gather(messages: AsyncIterable<string>): Promise<string> {
  let all = '';
  for await (const message of messages) all += message;
  return all;
}

async function world(options: Pick<ServiceOptions, 'middleware' | 'clientMiddleware'>) {
  const around = network();
  const log: string[] = [];
  const made = service({ ...around, name: 'work', middleware: options.middleware });
  made.handle(Work, {
    one: (request, ctx) => {
      log.push(`handler ${request} ${ctx.metadata.tenant} ${ctx.get(User)}`);
      return request.toUpperCase();
    },
    async *feed(request, ctx) {
      try {
        yield `${request} ${ctx.get(User)} `;
        for (let n = 0; n < 40; n++) yield String(n % 10);
      } finally {
        log.push('left');
      }
    },
    sum: gather,
    async *chat(messages) {
      for await (const message of messages) yield message.toUpperCase();
    },
  });
  const heard: string[] = [];
  made.subscribe(News, (event, ctx) => void heard.push(`${event} ${ctx.get(User)}`));
  await made.start();
  const caller = client({ ...around, clientMiddleware: options.clientMiddleware });
  return { api: caller.of(Work), caller, log, heard };
}

function noting(log: string[], name: string): Middleware {
  return async (call, next) => {
    log.push(`${name} ${call.side} ${call.kind} ${call.service} ${call.endpoint} ${call.idempotent}`);
    try {
      return await next();
    } finally {
      log.push(`${name} end`);
    }
  };
}
/** Lower case for single replies; streams pass. */
const lowering: Middleware = async (_, next) => {
  const reply = await next();
  return isStream(reply) ? reply : String(reply).toLowerCase();
};

describe.each(['client', 'server'] as const)('middleware of a %s', (side) => {
  const of = (...chain: readonly Middleware[]) =>
    side === 'client' ? { clientMiddleware: chain } : { middleware: chain };

  test('wraps calls of every kind, the first outermost', async () => {
    const log: string[] = [];
    const { api } = await world(of(noting(log, 'outer'), noting(log, 'inner')));
    expect(await api.one('a')).toBe('A');
    expect(log.splice(0)).toEqual([
      `outer ${side} unary work Work.One true`,
      `inner ${side} unary work Work.One true`,
      ...['inner end', 'outer end'],
    ]);
    expect(await api.sum(list('a', 'b'))).toBe('ab');
    expect(await gather(api.chat(list('a', 'b')))).toBe('AB');
    expect(await gather(api.feed('x'))).toMatch(/^x undefined 0123/);
    expect(log.filter((line) => line.startsWith('inner') && !line.endsWith('end'))).toEqual([
      `inner ${side} client-stream work Work.Sum false`,
      `inner ${side} bidi work Work.Chat false`,
      `inner ${side} server-stream work Work.Feed false`,
    ]);
  });

  test('may change the request, of one message or of many, and the reply', async () => {
    const more: Middleware = async (call, next) => {
      if (call.kind === 'unary') return `${await next({ ...call, request: 'other' })}!`;
      if (call.kind === 'event') return next();
      return next({ ...call, requests: list('x', 'y') });
    };
    const { api } = await world(of(more));
    expect(await api.one('a')).toBe('OTHER!');
    expect(await api.sum(list('a'))).toBe('xy');
    expect(await gather(api.chat(list('a')))).toBe('XY');
  });

  test('looks at every message of a stream with tap, and a reader that breaks off still ends the handler', async () => {
    const seen: unknown[] = [];
    const ends: unknown[] = [];
    const counting: Middleware = async (_, next) => {
      const reply = await next();
      if (!isStream(reply)) return reply;
      return tap(
        reply,
        (message) => seen.push(message),
        (error) => ends.push(error),
      );
    };
    const { api, log } = await world(of(counting));
    expect(await api.one('a')).toBe('A');
    expect(seen).toEqual([]);
    await gather(api.feed('x'));
    expect(seen).toHaveLength(41);
    expect(ends).toEqual([undefined]);
    log.length = 0;
    for await (const _ of api.feed('x')) break;
    await eventually(() => log.includes('left') && ends.length === 2);
  });

  test('may answer by itself, fail, and turn an error into a reply', async () => {
    const cache: Middleware = async (call, next) => {
      if (call.kind === 'unary' && call.request === 'known') return 'cached';
      if (call.kind === 'unary' && call.request === 'bad') throw new MicroError('forbidden', 'not you');
      if (call.kind !== 'unary') throw new MicroError('forbidden', 'no streams');
      return next();
    };
    const soft: Middleware = (call, next) =>
      next().catch((error: unknown) =>
        call.kind === 'unary' ? `soft ${String(error)}` : Promise.reject(error),
      );
    const hard = await world(of(cache));
    expect(await hard.api.one('known')).toBe('cached');
    expect(hard.log).toEqual([]);
    await expect(hard.api.one('bad')).rejects.toMatchObject({ code: 'forbidden', message: 'not you' });
    await expect(gather(hard.api.feed('x'))).rejects.toMatchObject({ code: 'forbidden' });
    await expect(gather(hard.api.chat(list('a')))).rejects.toMatchObject({ code: 'forbidden' });
    await expect(hard.api.sum(list('a'))).rejects.toMatchObject({ code: 'forbidden' });
    const softened = await world(of(soft, cache));
    expect(await softened.api.one('bad')).toContain('soft');
  });

  test('may call twice', async () => {
    const twice: Middleware = async (_, next) => `${await next()}${await next()}`;
    const { api, log } = await world(of(twice));
    expect(await api.one('a')).toBe('AA');
    expect(log).toHaveLength(2);
  });

  test('hands values on', async () => {
    const calls: (string | undefined)[] = [];
    const setting: Middleware = (call, next) => {
      call.set(User, 'ada');
      return next(withMetadata(call, {}));
    };
    const getting: Middleware = (call, next) => {
      calls.push(call.get(User));
      return next();
    };
    const { api, log } = await world(of(setting, getting, lowering));
    expect(await api.one('a')).toBe('a');
    expect(await gather(api.chat(list('a')))).toBe('A');
    expect(calls).toEqual(['ada', 'ada']);
    expect(log[0]).toBe(`handler a undefined ${side === 'server' ? 'ada' : 'undefined'}`);
  });
});

describe('middleware', () => {
  test('of a client adds metadata that arrives, over what the call says', async () => {
    const adding: Middleware = (call, next) => next(withMetadata(call, { Tenant: 'b' }));
    const { api, log } = await world({ clientMiddleware: [adding] });
    await api.one('a', { metadata: { tenant: 'a' } });
    expect(log).toEqual(['handler a b undefined']);
  });

  test('of a client sees calls without a contract, and the signal and metadata they were given', async () => {
    const calls: Call[] = [];
    const { caller } = await world({
      clientMiddleware: [
        (call, next) => {
          calls.push(call);
          return next();
        },
      ],
    });
    const { signal } = new AbortController();
    await caller.call('work', 'Work.One', 'a', { signal, metadata: { Tenant: 'x' }, idempotent: true });
    await gather(caller.stream('work', 'Work.Chat', list('a')) as AsyncIterable<string>);
    expect(calls).toMatchObject([
      {
        ...{ kind: 'unary', service: 'work', endpoint: 'Work.One', idempotent: true },
        metadata: { tenant: 'x' },
      },
      { kind: 'bidi', endpoint: 'Work.Chat' },
    ]);
    expect(calls[0]?.signal).toBe(signal);
  });

  test('that gives one message where a stream is due fails the stream', async () => {
    const { api } = await world({ clientMiddleware: [async () => 'one'] });
    await expect(gather(api.feed('x'))).rejects.toThrow(
      'a middleware gave one message where a stream is due',
    );
  });

  test('of a service wraps events too, and may change, stop and fail them', async () => {
    const kinds: string[] = [];
    const failed = deferred();
    let fails = true;
    const { caller, heard } = await world({
      middleware: [
        (call, next) => {
          if (call.kind !== 'event') return next();
          kinds.push(
            `${call.side} ${call.service} ${call.endpoint} ${call.idempotent} ${call.metadata.tenant}`,
          );
          if (call.request === 'drop') return Promise.resolve();
          if (call.request === 'fail' && fails) {
            fails = false;
            failed.resolve();
            throw new Error('once');
          }
          call.set(User, 'ada');
          return next({ ...call, request: `${String(call.request)}!` });
        },
      ],
    });
    await caller.publish(News, 'a', { metadata: { tenant: 't' } });
    await eventually(() => heard.length === 1);
    expect(kinds).toEqual(['server work news true t']);
    await caller.publish(News, 'drop');
    await caller.publish(News, 'fail');
    await failed.promise;
    await eventually(() => heard.length === 2);
    expect(heard).toEqual(['a! ada', 'fail! ada']);
  });
});
