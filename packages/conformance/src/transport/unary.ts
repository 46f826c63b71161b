import assert from 'node:assert/strict';
import { entries, oddMetadata } from '../expectations.ts';
import { bytesOf, clientOf, dial, textOf } from './client.ts';
import type { TransportCase } from './harness.ts';
import { type ServedCall, serve } from './server.ts';

const known = new Set(['streams', 'pushback', 'cancel', 'goaway', 'reply-metadata']);

/** Calls that succeed. */
export const unaryCases: readonly TransportCase[] = [
  {
    name: 'says what it is and what it can do',
    async run(scope) {
      const { transport, listener } = await serve(scope);
      assert.match(transport.name, /^[a-z][a-z0-9-]*$/);
      assert.ok(['bytes', 'values'].includes(transport.carries));
      assert.deepEqual([...transport.features].sort(), [...scope.harness.features].sort());
      for (const feature of transport.features) assert.ok(known.has(feature), feature);
      assert.ok(listener.address.length > 0 && !listener.address.endsWith(':0'), listener.address);
      assert.equal(listener.active, true);
    },
  },
  {
    name: 'carries text of no character, of one, of 64 KiB and of many, also beyond ASCII',
    async run(scope) {
      const server = await serve(scope);
      const client = await dial(scope, server.address);
      const max = scope.harness.maxBody ?? 4 * 2 ** 20;
      const texts = [
        '',
        'x',
        'größe 日本語 🚀 \u0000 \r\n\r\n',
        'y'.repeat(65_536),
        'é'.repeat(32_768),
        'z'.repeat(max),
      ];
      for (const text of texts) {
        const reply = await client.call(text);
        assert.ok(textOf(reply) === text, `${text.length} characters came back as ${textOf(reply).length}`);
        assert.equal(typeof reply, 'string', 'the codec wants text');
      }
      assert.deepEqual(
        server.calls.map(({ incoming }) => typeof incoming.body),
        texts.map(() => 'string'),
      );
    },
  },
  {
    name: 'carries bytes, any, of no byte, of one, of 64 KiB and of many',
    async run(scope) {
      const server = await serve(scope);
      const client = await dial(scope, server.address);
      for (const size of [0, 1, 256, 65_536, scope.harness.maxBody ?? 4 * 2 ** 20]) {
        const bytes = Uint8Array.from({ length: size }, (_, index) => index % 256);
        const reply = await client.call(bytes, { text: false });
        assert.ok(
          Buffer.from(bytesOf(reply)).equals(bytes),
          `${size} bytes came back as ${bytesOf(reply).byteLength}`,
        );
        assert.ok(reply instanceof Uint8Array, 'the codec wants bytes');
      }
    },
  },
  {
    name: 'carries bytes that a text codec has passed through',
    async run(scope) {
      const client = await dial(scope, (await serve(scope)).address);
      assert.equal(textOf(await client.call(new TextEncoder().encode('{"größe":1}'))), '{"größe":1}');
    },
  },
  {
    name: 'tells the acceptor who is called, in which content type, and by whom',
    async run(scope) {
      const server = await serve(scope);
      const client = await dial(scope, server.address, { from: 'caller' });
      await client.call('x', { service: 'org.example.greeter' });
      await client.call('x', { text: false });
      const [first, second] = server.calls;
      assert.equal(first?.service, 'org.example.greeter');
      assert.equal(first?.endpoint, 'Test.Unary');
      assert.equal(first?.contentType, 'application/json');
      assert.equal(second?.contentType, 'application/protobuf');
      assert.equal(typeof first?.incoming.peer.address, 'string');
      const from = first?.incoming.peer.service;
      assert.ok(from === undefined || from === 'caller', `called by ${from}`);
    },
  },
  {
    name: 'carries metadata of any kind, and what has none comes without',
    async run(scope) {
      const server = await serve(scope);
      const client = await dial(scope, server.address);
      await client.call('x', { metadata: oddMetadata() });
      await client.call('x');
      await client.call('x', { metadata: { other: 'value' } });
      const received = server.calls.map(({ incoming }) => entries(incoming.metadata));
      assert.deepEqual(received, [entries(oddMetadata()), [], [['other', 'value']]]);
      assert.ok(!Reflect.has({}, 'plain'), 'Object.prototype was changed');
    },
  },
  {
    name: 'hands on what is left of the deadline, and 0 when there is none',
    async run(scope) {
      const server = await serve(scope);
      const client = await dial(scope, server.address);
      await client.call('x', { deadline: performance.now() + 5_000 });
      await client.call('x');
      const [bounded, unbounded] = server.calls.map(({ incoming }) => incoming.remainingMs);
      assert.ok(bounded !== undefined && bounded > 0 && bounded <= 5_001, `${bounded} ms are left of 5000`);
      assert.equal(unbounded, 0);
    },
  },
  {
    name: 'carries 64 calls at once, and each gets its own answer, in any order',
    async run(scope) {
      const waiting: ServedCall[] = [];
      const server = await serve(scope, { call: (served) => waiting.push(served) });
      const client = await dial(scope, server.address);
      const sent = Array.from({ length: 64 }, (_, index) => client.send(`call ${index}`));
      await scope.eventually(() => waiting.length === 64);
      for (const { incoming } of waiting.reverse()) incoming.reply(`reply to ${textOf(incoming.body)}`);
      const outcomes = await Promise.all(sent.map(({ outcome }) => outcome));
      assert.deepEqual(
        outcomes.map(({ body }) => textOf(body)),
        sent.map((_, index) => `reply to call ${index}`),
      );
    },
  },
  {
    name: 'a hundred callers, each with a connection of its own, are all answered',
    async run(scope) {
      const server = await serve(scope);
      const { transport } = await dial(scope, server.address);
      const connections = Array.from({ length: 100 }, () => transport.dial(server.address, { metadata: {} }));
      const clients = connections.map((connection) => clientOf(scope, transport, connection));
      const replies = await Promise.all(clients.map((client, index) => client.call(`call ${index}`)));
      assert.deepEqual(
        replies.map(textOf),
        connections.map((_, index) => `call ${index}`),
      );
    },
  },
  {
    name: 'a thousand calls one after another are all answered',
    async run(scope) {
      const client = await dial(scope, (await serve(scope)).address);
      for (let index = 0; index < 1000; index++) {
        assert.equal(textOf(await client.call(`call ${index}`)), `call ${index}`);
      }
      assert.equal(client.connection.state, 'ready');
    },
  },
];
