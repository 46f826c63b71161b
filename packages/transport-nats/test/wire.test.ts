import { setTimeout as pause } from 'node:timers/promises';
import { afterEach, beforeAll, expect, test } from '@jest/globals';
import { eventually } from '@micro/conformance';
import {
  contract,
  createClient,
  createService,
  isMicroError,
  type MicroClient,
  MicroError,
  memoryRegistry,
  type OutgoingCall,
  rpc,
  stream,
  type,
} from '@micro/core';
import { connect, type Msg, type NatsConnection } from '@nats-io/transport-node';
import type { BackendServer } from '../../../scripts/backends/index.mjs';
import { describeBackend } from '../../../scripts/backends/jest.mjs';
import { decodeBatch, isBatch } from '../src/batch.ts';
import { natsTransport } from '../src/index.ts';

interface Hello {
  readonly name: string;
}
interface Reply {
  readonly msg: string;
}
const Greeter = contract('greeter', 'Greeter', {
  hello: rpc({ request: type<Hello>(), response: type<Reply>() }),
  fail: rpc({ request: type<Hello>(), response: type<Reply>() }),
  many: rpc({ request: type<Hello>(), response: stream(type<Reply>()) }),
  ticks: rpc({ request: type<Hello>(), response: stream(type<Reply>()) }),
  chat: rpc({ request: stream(type<Hello>()), response: stream(type<Reply>()) }),
});

// Go's bytes (docs/wire.md, TV18, captured from v5.30)
const goRequest =
  '{"Header":{"Accept":"application/json","Content-Type":"application/json","Micro-Endpoint":"Greeter.Hello","Micro-ID":"0","Micro-Method":"Greeter.Hello","Micro-Service":"greeter","Timeout":"5000000000"},"Body":"eyJuYW1lIjoiSm9obiJ9Cg=="}';
const goReply =
  '{"Header":{"Content-Type":"application/json","Micro-ID":"0","X-Micro-ID":"0"},"Body":"eyJtc2ciOiJIZWxsbyBKb2huIn0K"}';

interface Wire {
  readonly Header: Readonly<Record<string, string>>;
  readonly Body: string | null;
}
const read = (message: Msg): Wire => message.json();
const base64 = (json: object): string => Buffer.from(`${JSON.stringify(json)}\n`).toString('base64');
/** As a Go server answers: its id is that of the request. */
const answerTo = (request: Wire, text: string): string =>
  text.replaceAll('"0"', JSON.stringify(request.Header['Micro-ID']));

await describeBackend('nats', ({ start }) => {
  let server: BackendServer;
  beforeAll(async () => {
    server = await start();
  });
  const closing: (() => Promise<unknown>)[] = [];
  /** Who has left a stream of ticks. */
  const left: string[] = [];
  afterEach(async () => {
    for (const close of closing.splice(0).reverse()) await close();
  });

  async function peer(): Promise<NatsConnection> {
    const made = await connect({ servers: server.url.replace('nats://', '') });
    closing.push(() => made.close());
    return made;
  }
  /** A client of ours that finds the greeter at a Go server's subject. */
  async function clientOf(address: string, more: object = {}): Promise<MicroClient> {
    const registry = memoryRegistry({ network: address });
    const metadata = { protocol: 'mucp', transport: 'nats', ...more };
    const node = { id: 'greeter-1', address, metadata };
    const record = { name: 'greeter', version: '1', metadata: {}, endpoints: [], nodes: [node] };
    await registry.register(record, { ttlMs: 60_000 });
    const transport = natsTransport({ address: server.url });
    const client = createClient({ registry, transport, broker: 'memory', argv: [], env: {} });
    closing.push(() => client.close().then(() => transport.close()));
    return client;
  }
  /** A service of ours; resolves with its subject. */
  async function serve(): Promise<string> {
    const transport = natsTransport({ address: server.url });
    const around = { registry: 'memory', broker: 'memory', argv: [], env: {}, leaveMs: 0 } as const;
    const service = createService({ ...around, name: 'greeter', transport });
    service.handle(Greeter, {
      hello: ({ name }) => ({ msg: name === 'large' ? 'x'.repeat(900_000) : `Hello ${name}` }),
      fail() {
        throw new MicroError('not_found', 'user not found', { id: 'greeter' });
      },
      async *many({ name }) {
        yield { msg: `one ${name}` };
        yield { msg: `two ${name}` };
      },
      async *ticks({ name }, { signal }) {
        signal.addEventListener('abort', () => left.push(name));
        for (;;) {
          yield { msg: 'tick' };
          await pause(5, undefined, { signal });
        }
      },
      async *chat(names) {
        for await (const { name } of names) yield { msg: `re ${name}` };
      },
    });
    closing.push(() => service.stop().then(() => transport.close()));
    await service.start();
    return service.address ?? '';
  }
  /** What comes to a Go client's inbox. */
  function inbox(go: NatsConnection): { readonly subject: string; next(): Promise<Wire> } {
    const subscription = go.subscribe(`_INBOX.go${closing.length}`);
    const iterator = subscription[Symbol.asyncIterator]();
    return {
      subject: subscription.getSubject(),
      async next() {
        const { value } = await iterator.next();
        if (value === undefined) throw new Error('the inbox has ended');
        return read(value);
      },
    };
  }

  test('a Go server is called with what a Go client sends, and its answer is understood', async () => {
    const go = await peer();
    const requests: Wire[] = [];
    go.subscribe('go-greeter', {
      callback: (_, message) => {
        const request = read(message);
        requests.push(request);
        message.respond(answerTo(request, goReply));
      },
    });
    await go.flush();
    const client = await clientOf('go-greeter');
    expect(await client.of(Greeter).hello({ name: 'John' })).toEqual({ msg: 'Hello John' });
    const [request] = requests;
    const { Timeout: timeout, 'Micro-ID': id, ...constant } = JSON.parse(goRequest).Header;
    expect(request?.Header).toMatchObject(constant);
    expect(request?.Header['Micro-Id']).toBe(request?.Header['Micro-ID']);
    expect(Number(request?.Header.Timeout)).toBeGreaterThan(1e9);
    expect(request?.Body).toBe(JSON.parse(goRequest).Body);
  });

  test("a Go client's request is answered as a Go server answers, and errors carry go-micro's JSON", async () => {
    const subject = await serve();
    const go = await peer();
    const { data } = await go.request(subject, goRequest, { timeout: 5000 });
    const reply: Wire = JSON.parse(Buffer.from(data).toString());
    const expected: Wire = JSON.parse(goReply);
    expect(reply.Body).toBe(expected.Body);
    expect(reply.Header).toMatchObject({ 'Content-Type': 'application/json', 'Micro-ID': '0' });
    const failed = read(
      await go.request(subject, goRequest.replaceAll('.Hello', '.Fail'), { timeout: 5000 }),
    );
    const text = '{"id":"greeter","code":404,"detail":"user not found","status":"Not Found"}';
    expect(failed).toMatchObject({
      Header: { 'Micro-ID': '0', 'Micro-Error': text, 'X-Micro-Error': text },
      Body: '',
    });
  });

  test("a Go server's stream is read: items, then its EOS, or its error", async () => {
    const go = await peer();
    const bodies: (string | null)[] = [];
    const sessions = new Set<string | undefined>();
    go.subscribe('go-streams', {
      callback: (_, message) => {
        const { Header, Body } = read(message);
        sessions.add(message.reply);
        if (Header['Micro-Error'] !== undefined) return;
        bodies.push(Body);
        if (bodies.length % 2 === 1) return; // the body of the opening means nothing
        const more = { 'Content-Type': 'application/json', ...Header };
        message.respond(JSON.stringify({ Header: more, Body: base64({ msg: 'one' }) }));
        message.respond(JSON.stringify({ Header: more, Body: base64({ msg: 'two' }) }));
        const end = bodies.length === 2 ? 'EOS' : '{"id":"go","code":409,"detail":"late"}';
        const last = { ...Header, 'Micro-Error': end, 'X-Micro-Error': end };
        message.respond(JSON.stringify({ Header: last, Body: '' }));
      },
    });
    await go.flush();
    const { many } = (await clientOf('go-streams')).of(Greeter);
    const seen: string[] = [];
    for await (const { msg } of many({ name: 'John' })) seen.push(msg);
    expect(seen).toEqual(['one', 'two']);
    expect(bodies).toEqual(['{}\n', '{"name":"John"}\n'].map((text) => Buffer.from(text).toString('base64')));
    const failing = (async () => {
      for await (const { msg } of many({ name: 'John' })) seen.push(msg);
    })();
    const error: unknown = await failing.catch((reason: unknown) => reason);
    expect(isMicroError(error, 'conflict') && error.message).toBe('late');
    expect(seen).toHaveLength(4);
    // that a late message of the first found nobody would be told of the second
    expect(sessions.size).toBe(2);
  });

  test("a Go client's stream is served, ends with EOS, and knows no credit", async () => {
    const subject = await serve();
    const go = await peer();
    const { subject: reply, next } = inbox(go);
    const Header = {
      Accept: 'application/json',
      'Content-Type': 'application/json',
      'Micro-Endpoint': 'Greeter.Chat',
      'Micro-ID': '7',
      'Micro-Method': 'Greeter.Chat',
      'Micro-Service': 'greeter',
      'Micro-Stream': '7',
    };
    const send = (Body: string | null, more: object = {}): void =>
      go.publish(subject, JSON.stringify({ Header: { ...Header, ...more }, Body }), { reply });
    send(base64({}));
    for (const name of ['Ada', 'Bob']) {
      send(base64({ name }));
      const item = await next();
      expect(item.Body).toBe(base64({ msg: `re ${name}` }));
      expect(item.Header).toMatchObject({ 'Micro-ID': '7', 'Micro-Stream': '7' });
      expect(Object.keys(item.Header).filter((key) => /Window|Credit/.test(key))).toEqual([]);
    }
    send(null, { 'Micro-Error': 'EOS' });
    expect(await next()).toMatchObject({ Header: { 'Micro-Error': 'EOS', 'Micro-ID': '7' }, Body: '' });
    send(null, { 'Micro-Error': 'EOS' }); // Go answers an EOS with its own: nobody is harmed
    expect(read(await go.request(subject, goRequest, { timeout: 5000 })).Body).not.toBe('');
  });

  test("a Go client that closes a server's stream has left it", async () => {
    const subject = await serve();
    const go = await peer();
    const { subject: reply, next } = inbox(go);
    const Header = {
      'Content-Type': 'application/json',
      'Micro-Endpoint': 'Greeter.Ticks',
      'Micro-ID': '3',
      'Micro-Service': 'greeter',
      'Micro-Stream': '3',
    };
    const send = (Body: string | null, more: object = {}): void =>
      go.publish(subject, JSON.stringify({ Header: { ...Header, ...more }, Body }), { reply });
    send(base64({}));
    send(base64({ name: 'Ada' }));
    expect((await next()).Body).toBe(base64({ msg: 'tick' }));
    expect(left).toEqual([]);
    send(null, { 'Micro-Error': 'EOS' });
    await eventually(() => left.includes('Ada'));
  });

  test("a Go server's stream that we leave is broken off: by a message that is none, in its session", async () => {
    const go = await peer();
    const [begun, broken]: [string[], string[]] = [[], []];
    go.subscribe('go-ticks', {
      callback: (_, message) => {
        const { reply = '', data } = message;
        if (data.length === 0) {
          broken.push(reply);
          return;
        }
        const { Header } = read(message);
        if (Header['Micro-Error'] !== undefined) return;
        begun.push(reply);
        if (begun.length === 2) message.respond(JSON.stringify({ Header, Body: base64({ msg: 'tick' }) }));
      },
    });
    await go.flush();
    for await (const { msg } of (await clientOf('go-ticks')).of(Greeter).ticks({ name: 'Ada' })) {
      expect(msg).toBe('tick');
      break;
    }
    await eventually(() => expect(broken).toEqual([begun[0]]));
  });

  test("a Go server's two-way stream ends when its handler has, after it was told our end", async () => {
    const go = await peer();
    let handling = true;
    let asked = 0;
    go.subscribe('go-chat', {
      callback: (_, message) => {
        const { Header, Body } = read(message);
        const { 'Micro-Stream': chat, 'Micro-Error': error, Connection: connection } = Header;
        if (error === 'EOS') {
          expect(connection).toBe('close');
          return;
        }
        if (chat === undefined) {
          asked++;
          if (asked === 2) handling = false;
          // the session is over once the handler has returned: the next message begins another, and is refused
          const refusal = { ...Header, 'Micro-Error': "rpc: can't find service Micro" };
          if (asked > 2) message.respond(JSON.stringify({ Header: refusal, Body: '' }));
        } else if (Body !== base64({}))
          message.respond(JSON.stringify({ Header, Body: base64({ msg: 'one' }) }));
      },
    });
    await go.flush();
    const seen: string[] = [];
    const names = (async function* () {
      yield { name: 'John' };
    })();
    for await (const { msg } of (await clientOf('go-chat')).of(Greeter).chat(names)) seen.push(msg);
    expect([seen, handling]).toEqual([['one'], false]);
  });

  test('a Go client that is gone ends its stream with the next item', async () => {
    const subject = await serve();
    const go = await peer();
    const { subject: reply, next } = inbox(go);
    const Header = {
      ...JSON.parse(goRequest).Header,
      'Micro-Endpoint': 'Greeter.Ticks',
      'Micro-Stream': '0',
    };
    for (const Body of [base64({}), base64({ name: 'Eve' })])
      go.publish(subject, JSON.stringify({ Header, Body }), { reply });
    expect((await next()).Body).toBe(base64({ msg: 'tick' }));
    await go.close();
    await eventually(() => left.includes('Eve'));
  });

  test('many calls at once to one of ours travel together, both ways, and each gets its own answer', async () => {
    const subject = await serve();
    const go = await peer();
    const sizes: number[] = [];
    const count = (_: unknown, message: Msg): void => {
      if (isBatch(message.data)) sizes.push(decodeBatch(message.data, (token) => token).length);
    };
    go.subscribe(subject, { callback: count });
    go.subscribe('_INBOX.>', { callback: count });
    await go.flush();
    const api = (await clientOf(subject, { 'micro-credit': 'bytes' })).of(Greeter);
    await api.hello({ name: 'first' });
    const names = Array.from({ length: 100 }, (_, index) => `Ada ${index}`);
    const replies = await Promise.all(names.map((name) => api.hello({ name })));
    expect(replies).toEqual(names.map((name) => ({ msg: `Hello ${name}` })));
    await go.flush();
    // each is seen twice on the way back and forth: by the listener's subject, and by the inboxes
    const largest = Math.max(...sizes);
    expect(largest).toBeGreaterThan(10);
    expect(largest).toBeLessThanOrEqual(32);
    expect(sizes.reduce((sum, size) => sum + size, 0)).toBeGreaterThan(150);
  });

  test('calls that travel together to where nobody listens all fail at once, as not delivered', async () => {
    const api = (await clientOf('deserted', { 'micro-credit': 'bytes' })).of(Greeter);
    const outcomes = await Promise.allSettled(
      Array.from({ length: 50 }, () => api.hello({ name: 'Ada' }, { retries: 0 })),
    );
    for (const outcome of outcomes) {
      const reason: unknown = outcome.status === 'rejected' ? outcome.reason : undefined;
      expect(isMicroError(reason, 'unavailable') && reason.delivered).toBe('no');
    }
  });

  test('a message over the limit of the server is refused by name, on either side, and others go on', async () => {
    const api = (await clientOf(await serve())).of(Greeter);
    const error: unknown = await api.hello({ name: 'x'.repeat(900_000) }).catch((reason: unknown) => reason);
    expect(isMicroError(error, 'too_large') && error.message).toMatch(
      /the NATS server takes 1048576 \(max_payload\)/,
    );
    const answer: unknown = await api.hello({ name: 'large' }).catch((reason: unknown) => reason);
    expect(isMicroError(answer, 'too_large') && answer.delivered).toBe('yes');
    expect(await api.hello({ name: 'Ada' })).toEqual({ msg: 'Hello Ada' });
  });

  test("that nobody took a call which was cancelled is not told of the next call's session", async () => {
    const subject = await serve();
    const transport = natsTransport({ address: server.url });
    closing.push(() => transport.close());
    const target = {
      index: 0,
      service: 'greeter',
      endpoint: 'Greeter.Hello',
      contentType: 'application/json',
    };
    const call = (): { readonly made: OutgoingCall; readonly outcome: Promise<unknown> } => {
      let made: OutgoingCall | undefined;
      const outcome = new Promise<unknown>((resolve) => {
        const ends = { done: resolve, fail: resolve };
        made = {
          target: { ...target, text: true },
          body: '{"name":"Ada"}',
          deadline: 0,
          metadata: undefined,
          slot: 0,
          ...ends,
        };
      });
      if (made === undefined) throw new Error('not made');
      return { made, outcome };
    };
    const [nowhere, somewhere] = ['nobody', subject].map((to) => transport.dial(to, { metadata: {} }));
    const [first, lost, next] = [call(), call(), call()];
    somewhere?.request(first.made);
    await first.outcome;
    nowhere?.request(lost.made);
    nowhere?.cancel(lost.made);
    somewhere?.request(next.made);
    expect(await next.outcome).toBe('{"msg":"Hello Ada"}');
  });

  test('what is no message disturbs neither a listener nor an inbox', async () => {
    const subject = await serve();
    const go = await peer();
    const inboxes: string[] = [];
    const listening = go.subscribe(subject, {
      callback: (_, { reply = '' }) => {
        inboxes.push(reply.slice(0, reply.lastIndexOf('.')));
      },
    });
    await go.flush();
    const api = (await clientOf(subject)).of(Greeter);
    await api.hello({ name: 'Ada' });
    listening.unsubscribe();
    const garbage = [
      '',
      '{',
      'null',
      '[]',
      '{"Header":[],"Body":""}',
      '{"Header":{"a":1},"Body":""}',
      '{"Header":{},"Body":{}}',
      '{"Header":{"Micro-Endpoint":"Greeter.Hello","Micro-ID":"1"},"Body":"!!"}',
      '{"Header":{"__proto__":"x","Micro-Error":"EOS"},"Body":null}',
      '['.repeat(100_000),
      '["0"]',
      '["a.b",{"Header":{},"Body":""}]',
      '["0",{"Header":{"Micro-Endpoint":"Greeter.Hello"},"Body":"!"},7,null]',
    ];
    for (const text of garbage) {
      go.publish(subject, text, { reply: '_INBOX.nobody.0' });
      go.publish(subject, text);
      for (const token of ['0', '1', '-1', 'x', '99999999999']) go.publish(`${inboxes[0]}.${token}`, text);
    }
    await go.flush();
    // what is sent to the inbox of a call may be taken for its answer, but it never leaves the call without one
    await api.hello({ name: 'Eve' }, { timeoutMs: 4_000 }).catch((error: unknown) => {
      expect(isMicroError(error, 'timeout')).toBe(false);
    });
    expect(await api.hello({ name: 'Bob' })).toEqual({ msg: 'Hello Bob' });
    expect(Reflect.has({}, 'Micro-Error')).toBe(false);
  });
});

test('addresses that are no subjects, and numbers that make no sense, are refused', () => {
  const transport = natsTransport();
  for (const address of ['', 'a b', 'a.*', 'a.>', 'a..b', '.a', 'x'.repeat(2000)])
    expect(() => transport.dial(address, { metadata: {} })).toThrow(/is not the subject/);
  expect(() => natsTransport({ maxPendingBytes: 0 })).toThrow(/maxPendingBytes/);
  expect(() => natsTransport({ maxQueued: 1.5 })).toThrow(/maxQueued/);
});
