import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { createService, type Service, type Transport } from '@micro/core';
import { rejects } from '../expectations.ts';
import { cutProxy } from '../faults/cut-proxy.ts';
import { strangers } from '../faults/strangers.ts';
import { dial, textOf } from './client.ts';
import { Faults } from './fault-contract.ts';
import type { TransportFaultCase, TransportFaultScope } from './fault-harness.ts';
import { anywhere, clientOf, server } from './peer-faults.ts';

const echo = { service: 'faults', endpoint: 'Faults.Echo' };
const hang = { service: 'faults', endpoint: 'Faults.Hang' };

async function raw(scope: TransportFaultScope, port: number, bytes: Uint8Array): Promise<Socket> {
  const socket = connect({ port, host: '127.0.0.1' });
  socket.on('error', () => undefined); // 'close' follows
  scope.defer(() => socket.destroy());
  await once(socket, 'connect');
  socket.resume();
  if (bytes.byteLength > 0) socket.write(bytes);
  return socket;
}

/** A service in this process, with an instance of its own. */
async function serve(scope: TransportFaultScope, transport: Transport): Promise<Service> {
  const network = scope.unique('faults');
  const service = createService({
    ...{ name: 'faults', address: anywhere, argv: [], env: {}, drainMs: 500, transport },
    ...{ registry: { memory: { network } }, broker: { memory: { network } } },
  });
  service.handle(Faults, {
    echo: ({ text }) => ({ text }),
    hang: () => new Promise(() => undefined),
    big: () => ({ text: '' }),
    slow: () => ({ text: '' }),
    again: () => ({ text: '' }),
    async *ticks() {
      yield { text: '' };
    },
  });
  scope.defer(() => service.stop());
  await service.start();
  return service;
}

/** A TLS client's first record (RFC 8446 §5.1), of which only the head matters. */
const clientHello = Buffer.concat([Buffer.of(0x16, 3, 1, 0, 200, 1, 0, 0, 196, 3, 3), Buffer.alloc(194)]);

/** Connections that break, stall and never were any. */
export const connectionFaults: readonly TransportFaultCase[] = [
  {
    name: 'a connection that is cut: what is under way fails as maybe delivered, and the next call works',
    async run(scope) {
      const peer = await server(scope);
      await using proxy = await cutProxy(peer.port);
      const client = await dial(scope, proxy.address);
      const calls = Array.from({ length: 20 }, () => client.send('{"text":"x"}', hang));
      await scope.eventually(() => peer.hanging === 20);
      proxy.cut();
      for (const { outcome } of calls)
        assert.equal((await client.fails(outcome, 'unavailable')).delivered, 'maybe');
      // their handlers learn it too
      await scope.eventually(() => peer.hanging === 0);
      assert.equal(textOf(await client.call('{"text":"next"}', echo)), '{"text":"next"}');
    },
  },
  {
    name: 'answers that are cut midway: their calls fail, and what follows is not taken for the rest',
    async run(scope) {
      const peer = await server(scope);
      await using proxy = await cutProxy(peer.port);
      const client = await dial(scope, proxy.address);
      assert.equal(textOf(await client.call('{"text":"first"}', echo)), '{"text":"first"}');
      for (let time = 0; time < 6; time++) {
        proxy.cutMidway();
        await client.fails(client.send('{"text":"x"}', echo).outcome, 'unavailable');
        await scope.eventually(async () => {
          assert.equal(textOf(await client.call('{"text":"next"}', echo)), '{"text":"next"}');
        });
      }
    },
  },
  {
    name: 'a call whose body is still on its way when its server leaves was not delivered',
    needs: ['goaway'],
    async run(scope) {
      const service = await serve(scope, await scope.create());
      await using proxy = await cutProxy(Number(service.address?.split(':').at(-1)));
      const client = await dial(scope, proxy.address);
      await client.call('{"text":"before"}', echo);
      proxy.hold(100_000);
      const { outcome } = client.send(JSON.stringify({ text: 'x'.repeat(1_000_000) }), echo);
      await scope.eventually(() => proxy.holding);
      const stopped = service.stop();
      assert.equal((await client.fails(outcome, 'unavailable')).delivered, 'no');
      await proxy.restore();
      await stopped;
    },
  },
  {
    name: 'a stream on a connection that is cut fails with unavailable',
    needs: ['streams'],
    async run(scope) {
      const peer = await server(scope);
      await using proxy = await cutProxy(peer.port);
      const client = await clientOf(scope, await scope.create(), [proxy.address]);
      let seen = 0;
      const reading = (async () => {
        for await (const { text } of client.of(Faults).ticks({ text: 'tick' })) {
          assert.equal(text, 'tick');
          seen++;
        }
      })();
      const failed = rejects(reading, 'unavailable');
      await scope.eventually(() => seen > 3);
      proxy.cut();
      await failed;
    },
  },
  {
    name: 'a peer that refuses connections: calls fail as not delivered, and work when it takes them again',
    async run(scope) {
      const peer = await server(scope);
      await using proxy = await cutProxy(peer.port);
      const client = await dial(scope, proxy.address);
      await client.call('{"text":"before"}', echo);
      await proxy.refuse();
      await scope.eventually(async () => {
        const { delivered } = await client.fails(client.send('{"text":"x"}', echo).outcome, 'unavailable');
        assert.equal(delivered, 'no');
      });
      await proxy.restore();
      await scope.eventually(async () => {
        assert.equal(textOf(await client.call('{"text":"after"}', echo)), '{"text":"after"}');
      });
    },
  },
  {
    name: 'a cable that is pulled: calls end by their deadlines, and work when it is back',
    async run(scope) {
      const peer = await server(scope);
      await using proxy = await cutProxy(peer.port);
      const client = await clientOf(scope, await scope.create(), [proxy.address]);
      const api = client.of(Faults);
      await api.echo({ text: 'before' });
      proxy.silence();
      const calls = Array.from({ length: 20 }, () => api.echo({ text: 'x' }, { timeoutMs: 300, retries: 0 }));
      await Promise.all(calls.map((call) => rejects(call, 'timeout')));
      await proxy.restore();
      await scope.eventually(async () => {
        assert.deepEqual(await api.echo({ text: 'after' }, { timeoutMs: 2_000 }), { text: 'after' });
      });
    },
  },
  {
    name: 'strangers that send garbage, half a beginning or nothing harm nobody',
    async run(scope) {
      const peer = await server(scope);
      const client = await dial(scope, peer.address);
      await client.call('{"text":"before"}', echo);
      const quiet = await Promise.all(
        Array.from({ length: 50 }, (_, index) =>
          raw(
            scope,
            peer.port,
            [Buffer.alloc(0), Buffer.of(0), Buffer.from('PO')][index % 3] ?? Buffer.of(0),
          ),
        ),
      );
      const garbage = [Buffer.alloc(70_000, 0xff), Buffer.alloc(70_000), Buffer.of(0x7f, 0xff), clientHello];
      for (const bytes of garbage) {
        const socket = await raw(scope, peer.port, bytes);
        assert.equal(textOf(await client.call('{"text":"between"}', echo)), '{"text":"between"}');
        if (bytes.length < 1000 && bytes !== clientHello) continue;
        await scope.eventually(() => socket.closed);
      }
      for (const socket of quiet) socket.destroy();
      assert.equal(textOf(await client.call('{"text":"after"}', echo)), '{"text":"after"}');
    },
  },
  {
    name: 'where others speak than the server it is unavailable, at once',
    async run(scope) {
      const others = await strangers();
      for (const one of others) scope.defer(() => one.close());
      await Promise.all(
        others.map(async ({ address }) => {
          const client = await dial(scope, address);
          for (let time = 0; time < 3; time++)
            await client.fails(client.send('{"text":"x"}', echo).outcome, 'unavailable');
        }),
      );
      assert.ok(others.every(({ visits }) => visits < 20));
    },
  },
  {
    name: 'TLS to a plain port and plain to a TLS port: unavailable, and nobody else is harmed',
    asks: ['tls'],
    async run(scope) {
      const { tls } = scope.harness;
      if (tls === undefined) return;
      const made = [tls.server(), tls.client()] as const;
      const [secureServer, secure] = made;
      for (const transport of made) scope.defer(() => transport.close());
      const plain = await scope.create();
      const { address: plainAddress = '' } = await serve(scope, await scope.create());
      const { address: secureAddress = '' } = await serve(scope, secureServer);
      const wrong = [
        await clientOf(scope, secure, [plainAddress]),
        await clientOf(scope, plain, [secureAddress]),
      ];
      const right = [
        await clientOf(scope, plain, [plainAddress]),
        await clientOf(scope, secure, [secureAddress]),
      ];
      for (const client of wrong)
        await rejects(client.of(Faults).echo({ text: 'x' }, { timeoutMs: 5_000 }), 'unavailable');
      for (const client of right)
        assert.deepEqual(await client.of(Faults).echo({ text: 'x' }), { text: 'x' });
    },
  },
];
