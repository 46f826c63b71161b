import { beforeAll, expect, test } from '@jest/globals';
import { cutProxy, eventually } from '@micro/conformance';
import { counters, type Deliver, type MicroError } from '@micro/core';
import { connect, type NatsConnection } from '@nats-io/transport-node';
import type { BackendServer } from '../../../scripts/backends/index.mjs';
import { describeBackend } from '../../../scripts/backends/jest.mjs';
import { ack, closing, message, refused, subscribing, textOf } from '../../../testing/events.ts';
import { brokerAt } from './world.ts';

// Published by go-micro v4.9, v4.11 and v5.30 over NATS (docs/wire.md, TV15)
const fromGo =
  '{"Header":{"Content-Type":"application/json","Micro-ID":"0b4c2f6e-1d2a-4c3b-9e8f-7a6b5c4d3e2f","Micro-Topic":"greetings"},"Body":"eyJuYW1lIjoiSm9obiJ9Cg=="}';

/** A handler that notes what it gets. */
function collect(texts: string[]): Deliver {
  return async ({ message }) => {
    texts.push(textOf(message));
    return ack;
  };
}

let names = 0;
const topic = (): string => `topic.${++names}`;

await describeBackend('nats', ({ start }) => {
  let server: BackendServer;
  beforeAll(async () => {
    server = await start({
      config: `
        max_payload: 8192
        accounts {
          USERS {
            jetstream: enabled
            users: [
              { user: any, password: secret }
              { user: few, password: secret, permissions: { publish: { deny: ["forbidden.>"] } } }
            ]
          }
          BARE { users: [ { user: bare, password: secret } ] }
        }
        no_auth_user: any
      `,
    });
  });
  const login = (user: string): string => server.url.replace('//', `//${user}:secret@`);
  const raw = async (): Promise<NatsConnection> => closing(await connect({ servers: server.url }));
  /** Asks JetStream's API, as an administrator would. */
  const api = async (path: string, body: object = {}): Promise<Record<string, unknown>> =>
    (await (await raw()).request(`$JS.API.${path}`, JSON.stringify(body))).json();

  test.each([true, false])(
    'a Go publisher is understood, and understands us (jetstream: %s)',
    async (jetstream) => {
      const broker = brokerAt(server.url, { jetstream });
      const client = await raw();
      const subject = topic();
      const seen: string[] = [];
      const deliver = async ({ message }: { message: Parameters<typeof textOf>[0] }) => {
        seen.push(`${message.header['micro-id']} ${textOf(message)}`);
        return ack;
      };
      await broker.subscribe(subject, deliver, subscribing());
      client.publish(subject, fromGo);
      await eventually(() =>
        expect(seen).toEqual(['0b4c2f6e-1d2a-4c3b-9e8f-7a6b5c4d3e2f {"name":"John"}\n']),
      );

      const asGo = client.subscribe(subject, { max: 1 });
      await client.flush();
      await broker.publish(subject, [message('{"name":"Ada"}')]);
      for await (const one of asGo) {
        const { Header, Body } = one.json<{ Header: Record<string, string>; Body: string }>();
        expect(Header).toMatchObject({ 'Content-Type': 'application/json', 'Micro-Topic': subject });
        expect(Buffer.from(Body, 'base64').toString()).toBe('{"name":"Ada"}');
      }
    },
  );

  test('without JetStream a queue is shared with members that Go has subscribed', async () => {
    const broker = brokerAt(server.url, { jetstream: false });
    const client = await raw();
    const subject = topic();
    let [ours, theirs] = [0, 0];
    client.subscribe(subject, { queue: 'mailer', callback: () => void theirs++ });
    await client.flush();
    const count = async () => {
      ours++;
      return ack;
    };
    await broker.subscribe(subject, count, subscribing({ queue: 'mailer' }));
    for (let n = 0; n < 100; n++) await broker.publish(subject, [message(String(n))]);
    await eventually(() => expect(ours + theirs).toBe(100));
    expect(Math.min(ours, theirs)).toBeGreaterThan(0);
  });

  test('what is no envelope is told of and done with', async () => {
    const broker = brokerAt(server.url);
    const subject = topic();
    const errors: MicroError[] = [];
    const texts: string[] = [];
    await broker.subscribe(
      subject,
      collect(texts),
      subscribing({ queue: 'queue', durable: true, maxInFlight: 1, onError: (error) => errors.push(error) }),
    );
    (await raw()).publish(subject, 'not JSON');
    await broker.publish(subject, [message('after')]);
    await eventually(() => expect(texts).toEqual(['after']));
    await eventually(() => expect(errors).toMatchObject([{ code: 'bad_request' }]));
    await eventually(async () => {
      const [stream] = (await api('STREAM.NAMES', { subject })).streams as string[];
      expect(await api(`CONSUMER.INFO.${stream}.queue`)).toMatchObject({ num_ack_pending: 0 });
    });
  });

  test.each([true, false])(
    'a payload that is too large is refused with the limit of the server (jetstream: %s)',
    async (jetstream) => {
      const broker = brokerAt(server.url, { jetstream });
      const error = await refused(broker.publish(topic(), [message('x'.repeat(8_000))]));
      expect(error).toMatchObject({ code: 'too_large', message: expect.stringContaining('takes 8192') });
      await broker.publish(topic(), [message('fits')]);
    },
  );

  test.each([true, false])(
    'what the server forbids is refused with its own words, at once (jetstream: %s)',
    async (jetstream) => {
      const admin = brokerAt(server.url, { jetstream });
      await admin.publish('forbidden.topic', [message('allowed')]);
      const broker = brokerAt(login('few'), { jetstream });
      const error = await refused(broker.publish('forbidden.topic', [message('x')]));
      expect(error.code).toBe('forbidden');
      expect(error.message).toMatch(/Permissions Violation for Publish to "forbidden\.topic"/i);
      await broker.publish(topic(), [message('elsewhere')]);
    },
  );

  test('credentials that the server refuses are told as such', async () => {
    const broker = brokerAt(server.url.replace('//', '//any:wrong@'));
    expect(await refused(broker.publish(topic(), [message('x')]))).toMatchObject({
      code: 'unauthorized',
      message: expect.stringMatching(/Authorization Violation/),
    });
  });

  test('a server without JetStream is told as such, with the way to do without', async () => {
    const error = await refused(brokerAt(login('bare')).publish(topic(), [message('x')]));
    expect(error).toMatchObject({
      code: 'unimplemented',
      message: expect.stringContaining('jetstream: false'),
    });
    await brokerAt(login('bare'), { jetstream: false }).publish(topic(), [message('x')]);
  });

  test('a stream of somebody else is used and not changed; without the right to make one, none is made', async () => {
    const config = { name: 'ORDERS', subjects: ['orders.>'], storage: 'memory', max_msgs: 10 };
    await api('STREAM.CREATE.ORDERS', config);
    const broker = brokerAt(server.url, { createStreams: false });
    const texts: string[] = [];
    await broker.subscribe('orders.new', collect(texts), subscribing({ queue: 'a.b', durable: true }));
    await broker.publish('orders.old', [message('other')]);
    await broker.publish('orders.new', [message('mine')]);
    await eventually(() => expect(texts).toEqual(['mine']));
    expect(await api('STREAM.INFO.ORDERS')).toMatchObject({ config });
    expect(await refused(broker.publish('elsewhere', [message('x')]))).toMatchObject({ code: 'not_found' });
  });

  test('a subscription outlives the deletion of its consumer, and of its stream', async () => {
    const broker = brokerAt(server.url);
    const subject = topic();
    const texts: string[] = [];
    const { active } = await broker.subscribe(
      subject,
      collect(texts),
      subscribing({ queue: 'queue', durable: true }),
    );
    expect(active).toBe(true);
    await broker.publish(subject, [message('first')]);
    await eventually(() => texts.length === 1);
    const [stream] = (await api('STREAM.NAMES', { subject })).streams as string[];
    await api(`CONSUMER.DELETE.${stream}.queue`);
    await broker.publish(subject, [message('second')]);
    await eventually(() => expect(texts).toEqual(['first', 'second']));
    await api(`STREAM.DELETE.${stream}`);
    await broker.publish(subject, [message('third')]);
    await eventually(() => expect(texts).toEqual(['first', 'second', 'third']));
  });

  test('members that want a queue differently share the stricter one', async () => {
    const broker = brokerAt(server.url);
    const subject = topic();
    await broker.subscribe(subject, async () => ack, subscribing({ queue: 'queue' }));
    const [stream] = (await api('STREAM.NAMES', { subject })).streams as string[];
    const info = (): Promise<Record<string, unknown>> => api(`CONSUMER.INFO.${stream}.queue`);
    expect(await info()).toMatchObject({ config: { inactive_threshold: 300e9, max_ack_pending: 16_384 } });
    const strict = { queue: 'queue', durable: true, ordered: true };
    await broker.subscribe(subject, async () => ack, subscribing(strict));
    const { config } = (await info()) as { config: Record<string, unknown> };
    expect(config.max_ack_pending).toBe(1);
    expect(config.inactive_threshold ?? 0).toBe(0);
  });

  test('a handler that takes longer than the server waits keeps its message, also over a lost connection', async () => {
    const proxy = closing(await cutProxy(Number(new URL(server.url).port)));
    const broker = brokerAt(proxy.address, { redeliverAfterMs: 500 });
    const publisher = brokerAt(server.url);
    const subject = topic();
    let runs = 0;
    let finish = (): void => {};
    const finished = new Promise<void>((resolve) => {
      finish = resolve;
    });
    const deliver = async () => {
      runs++;
      await finished;
      return ack;
    };
    const subscription = await broker.subscribe(
      subject,
      deliver,
      subscribing({ queue: 'queue', durable: true }),
    );
    await publisher.publish(subject, [message('slow')]);
    await eventually(() => runs === 1);
    const [stream] = (await api('STREAM.NAMES', { subject })).streams as string[];
    const info = async (): Promise<Record<string, number>> =>
      (await api(`CONSUMER.INFO.${stream}.queue`)) as Record<string, number>;
    const until = performance.now() + 1_500; // three times what the server waits
    await eventually(() => performance.now() > until);
    expect((await info()).num_redelivered).toBe(0);
    await proxy.refuse();
    await eventually(() => !subscription.active);
    const later = performance.now() + 1_000;
    await eventually(() => performance.now() > later);
    await proxy.restore();
    await eventually(() => subscription.active);
    await eventually(async () => expect((await info()).num_redelivered).toBe(1)); // the server has sent it again
    finish();
    await eventually(async () => expect((await info()).num_ack_pending).toBe(0));
    expect(runs).toBe(1);
  });

  test('what is published while the server is silent or away is refused soon, and never sent', async () => {
    const proxy = closing(await cutProxy(Number(new URL(server.url).port)));
    for (const jetstream of [true, false]) {
      const broker = brokerAt(proxy.address, { jetstream, pingIntervalMs: 300 });
      const witness = brokerAt(server.url, { jetstream });
      const subject = topic();
      const texts: string[] = [];
      await witness.subscribe(subject, collect(texts), subscribing());
      await broker.publish(subject, [message('before')]);
      await proxy.refuse();
      await eventually(async () =>
        expect(await refused(broker.publish(subject, [message('away')]))).toMatchObject({
          code: 'unavailable',
        }),
      );
      expect(await refused(broker.publish(subject, [message('away')]))).toMatchObject({
        code: 'unavailable',
      });
      await proxy.restore();
      await eventually(() => broker.publish(subject, [message('back')]));
      await eventually(() => expect(texts).toContain('back'));
      expect(texts.filter((text) => text !== 'back')).toEqual(['before']);
      proxy.silence();
      expect(await refused(broker.publish(subject, [message('silent')]))).toMatchObject({
        code: 'unavailable',
      });
      await proxy.restore();
      await eventually(() => broker.publish(subject, [message('back')]));
    }
  }, 30_000);

  test('without JetStream a slow handler costs a bounded memory, and what is lost is told', async () => {
    const broker = brokerAt(server.url, { jetstream: false, maxWaitingBytes: 10_000 });
    const subject = topic();
    const errors: MicroError[] = [];
    let handled = 0;
    let go = (): void => {};
    const gone = new Promise<void>((resolve) => {
      go = resolve;
    });
    const deliver = async () => {
      await gone;
      handled++;
      return ack;
    };
    const options = subscribing({ maxInFlight: 1, onError: (error) => errors.push(error) });
    const subscription = await broker.subscribe(subject, deliver, options);
    const before = counters()['event.lost'] ?? 0;
    const publisher = brokerAt(server.url, { jetstream: false });
    await publisher.publish(
      subject,
      Array.from({ length: 50 }, () => message('x'.repeat(1_000))),
    );
    await eventually(() => expect((counters()['event.lost'] ?? 0) - before).toBe(39));
    expect(errors).toMatchObject([{ code: 'overloaded' }]);
    go();
    await subscription.stop();
    expect(handled).toBe(11);
  });
});
