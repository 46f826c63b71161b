import { afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import { eventually } from '@micro/conformance';
import type { Registry, ServiceRecord } from '@micro/core';
import { connect, createInbox, type NatsConnection } from '@nats-io/transport-node';
import type { BackendServer } from '../../../scripts/backends/index.mjs';
import { describeBackend } from '../../../scripts/backends/jest.mjs';
import { natsRegistry } from '../src/index.ts';

const prefixes = ['micro.nats', 'micro.registry.nats'];
const id = 'greeter-6f1b2c3d-4e5f-4a6b-8c7d-9e0f1a2b3c4d';
const endpoint = {
  name: 'Greeter.Hello',
  request: { name: 'Request', type: 'Request', values: [{ name: 'name', type: 'string', values: null }] },
  response: { name: 'Response', type: 'Response', values: [{ name: 'msg', type: 'string', values: null }] },
  metadata: {},
};
const metadata = { broker: 'http', protocol: 'mucp', registry: 'nats', server: 'mucp', transport: 'http' };
const node = { id, address: '10.0.0.5:38291', metadata };
const greeter: ServiceRecord = {
  name: 'greeter',
  version: 'latest',
  metadata: {},
  endpoints: [endpoint],
  nodes: [node],
};
// Go's bytes (docs/wire.md, TV8 with TV5): what a service says of itself, and asks
const goService = JSON.stringify({
  name: 'greeter',
  version: 'latest',
  metadata: null,
  endpoints: [
    {
      request: endpoint.request,
      response: endpoint.response,
      metadata: {},
      name: endpoint.name,
    },
  ],
  nodes: [{ metadata, id, address: node.address }],
});
const goGet =
  '{"Service":{"name":"greeter","version":"","metadata":null,"endpoints":null,"nodes":null},"Action":"get"}';
const goList = '{"Service":null,"Action":"list"}';
const goLeaving = `{"Service":{"name":"greeter","version":"latest","metadata":null,"endpoints":null,"nodes":[{"metadata":null,"id":"${id}","address":"10.0.0.5:38291"}]},"Action":"delete"}`;

await describeBackend('nats', ({ start }) => {
  let server: BackendServer;
  beforeAll(async () => {
    server = await start();
  });
  const closing: (() => Promise<void>)[] = [];
  afterEach(async () => {
    for (const close of closing.splice(0)) await close();
  });
  function registry(): Registry {
    const made = natsRegistry({ address: server.url });
    closing.push(() => made.close());
    return made;
  }
  /** Stands for Go: what it sends and hears, byte for byte. */
  async function peer(): Promise<NatsConnection> {
    const made = await connect({ servers: server.url.replace('nats://', '') });
    closing.push(() => made.close());
    return made;
  }
  /** All that is published on the subject until the work is done. */
  async function heard(go: NatsConnection, subject: string, work: () => Promise<void>): Promise<string[]> {
    const texts: string[] = [];
    const subscription = go.subscribe(subject, {
      callback: (_, message) => {
        texts.push(message.string());
      },
    });
    await go.flush();
    await work();
    await go.flush();
    subscription.unsubscribe();
    return texts;
  }
  /** What answers queries that come one after another: the last has an answer, which comes behind those of the others. */
  async function answers(go: NatsConnection, subject: string, queries: readonly string[]): Promise<string[]> {
    const found: string[] = [];
    const reply = createInbox();
    const subscription = go.subscribe(reply, {
      callback: (_, message) => {
        found.push(message.string());
      },
    });
    for (const query of queries) go.publish(subject, query, { reply });
    await eventually(() => found.length > 0);
    await go.flush();
    subscription.unsubscribe();
    return found;
  }

  test("Go's queries are answered once, on both sets of subjects, with what Go writes", async () => {
    await registry().register(greeter, { ttlMs: 60_000 });
    const go = await peer();
    for (const prefix of prefixes) {
      for (const query of [goGet, goList]) {
        const found = await answers(go, `${prefix}.query`, [goGet.replace('greeter', 'other'), query]);
        expect(found).toEqual([`${goService.slice(0, -1)},"ttl_ms":60000}`]);
      }
    }
  });

  test('what comes and goes is announced on both sets of subjects as Go announces it', async () => {
    const go = await peer();
    const ours = registry();
    for (const prefix of prefixes) {
      const texts = await heard(go, `${prefix}.watch`, async () => {
        await ours.register(greeter, { ttlMs: 60_000 });
        await ours.deregister(greeter);
      });
      const [coming, leaving] = texts.map((text) => JSON.parse(text));
      expect(texts).toHaveLength(2);
      expect(coming).toMatchObject({ Action: 'create', Service: JSON.parse(goService) });
      expect(leaving).toEqual({ ...JSON.parse(goLeaving), Via: prefixes });
    }
  });

  test('a Go service is found on either set of subjects, listed and watched', async () => {
    for (const prefix of prefixes) {
      const go = await peer();
      go.subscribe(`${prefix}.query`, {
        callback: (_, message) => {
          message.respond(goService);
        },
      });
      await go.flush();
      const ours = registry();
      const [found] = await eventually(async () => {
        const all = await ours.getService('greeter');
        return all.length > 0 && all;
      });
      expect(found?.nodes).toEqual([{ id, address: node.address, metadata }]);
      await eventually(async () => expect(await ours.listServices()).toEqual(['greeter']));
      const controller = new AbortController();
      const told: string[] = [];
      const changed = (): Promise<void> =>
        new Promise((resolve) => {
          wake = resolve;
        });
      let wake = (): void => {};
      let next = changed();
      const watching = ours.watch(
        'greeter',
        ({ type }) => {
          told.push(type);
          wake();
        },
        { signal: controller.signal },
      );
      await next;
      next = changed();
      go.publish(`${prefix}.watch`, goLeaving);
      await next;
      next = changed();
      go.publish(`${prefix}.watch`, `{"Service":${goService},"Action":"create"}`);
      await next;
      expect(told).toEqual(['list', 'remove', 'put']);
      controller.abort();
      await watching;
      await go.close();
    }
  });

  test('two of ours ask and answer on one set of subjects only', async () => {
    const go = await peer();
    const ours = registry();
    await ours.register(greeter, { ttlMs: 60_000 });
    const asking = registry();
    let asked = 0;
    const texts = await heard(go, '_INBOX.>', () =>
      // One process asks and answers: on a busy machine the window may end before the answer has begun.
      eventually(async () => {
        asked++;
        expect(await asking.getService('greeter')).toHaveLength(1);
      }),
    );
    expect(texts).toHaveLength(asked);
  });

  test('what is no message of a registry disturbs nobody', async () => {
    const go = await peer();
    const ours = registry();
    await ours.register(greeter, { ttlMs: 60_000 });
    const garbage = [
      '',
      '{',
      'null',
      '[]',
      '{"Service":[],"Action":{}}',
      '{"Service":{"name":1},"Action":"create"}',
      '{"Service":{"name":"greeter","nodes":[null]},"Action":"create"}',
      '{"Service":{"name":"__proto__","nodes":[{"id":"__proto__"}]},"Action":"delete","Via":["__proto__"]}',
      `{"Service":${'['.repeat(100_000)}`,
    ];
    const controller = new AbortController();
    const lists: number[] = [];
    const watching = ours.watch(
      'greeter',
      (change) => {
        lists.push(change.type === 'list' ? change.services.length : -1);
      },
      { signal: controller.signal },
    );
    for (const text of garbage) {
      for (const prefix of prefixes) {
        go.publish(`${prefix}.watch`, text);
        go.publish(`${prefix}.query`, text, { reply: '_INBOX.garbage' });
      }
    }
    await go.flush();
    await eventually(async () => expect(await ours.getService('greeter')).toHaveLength(1));
    await eventually(() => lists.length > 0);
    controller.abort();
    await watching;
    expect(lists).toEqual([1]);
  });
});

describe('the options', () => {
  test('what makes no sense is refused', () => {
    expect(() => natsRegistry({ prefixes: [] })).toThrow(/prefixes/);
    expect(() => natsRegistry({ prefixes: ['micro.*'] })).toThrow(/prefixes/);
    expect(() => natsRegistry({ queryMs: 0 })).toThrow(/queryMs/);
  });
});
