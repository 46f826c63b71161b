import assert from 'node:assert/strict';
import { createClient, type MicroClient, memoryRegistry, type Transport } from '@micro/core';
import { rejects } from '../expectations.ts';
import { dial, textOf } from './client.ts';
import { Faults } from './fault-contract.ts';
import type { TransportFaultCase, TransportFaultScope } from './fault-harness.ts';
import { RemotePeer } from './remote-peer.ts';

export const anywhere = '127.0.0.1:0';

export function server(scope: TransportFaultScope, address: string = anywhere): Promise<RemotePeer> {
  return RemotePeer.start(scope, { role: 'server', address });
}

/** A client of core's that finds these servers. */
export async function clientOf(
  scope: TransportFaultScope,
  transport: Transport,
  addresses: readonly string[],
): Promise<MicroClient> {
  const registry = memoryRegistry({ network: scope.unique('faults') });
  for (const [index, address] of addresses.entries()) {
    const node = { id: `faults-${index}`, address, metadata: {} };
    const record = { name: 'faults', version: '1', metadata: {}, endpoints: [], nodes: [node] };
    await registry.register(record, { ttlMs: 3_600_000 });
  }
  const client = createClient({ registry, transport, broker: 'memory', argv: [], env: {} });
  scope.defer(() => client.close());
  return client;
}

async function drainUnderLoad(scope: TransportFaultScope, endpoint: 'slow' | 'again'): Promise<void> {
  const [leaving, staying] = await Promise.all([server(scope), server(scope)]);
  const transport = await scope.create();
  const client = await clientOf(scope, transport, [leaving.address, staying.address]);
  const call = client.of(Faults)[endpoint];
  let calling = true;
  let made = 0;
  const lane = async (number: number): Promise<void> => {
    for (let turn = 0; calling; turn++) {
      const text = `${number} ${turn}`;
      const reply = await call({ text }, { timeoutMs: 10_000, retries: 10 });
      assert.equal(reply.text, text);
      made++;
    }
  };
  const lanes = Promise.all(Array.from({ length: 32 }, (_, number) => lane(number)));
  lanes.catch(() => {
    calling = false; // awaited below
  });
  await scope.eventually(() => made > 100 || !calling);
  await leaving.stop();
  const then = made;
  await scope.eventually(() => made > then + 200 || !calling);
  calling = false;
  await lanes;
}

/** Peers that die, freeze and leave. */
export const peerFaults: readonly TransportFaultCase[] = [
  {
    name: 'a peer that is killed with 64 calls under way: all fail at once, as maybe delivered, and it is found when it is back',
    async run(scope) {
      const peer = await server(scope);
      const client = await dial(scope, peer.address);
      const sending = { service: 'faults', endpoint: 'Faults.Hang' };
      const calls = Array.from({ length: 64 }, () => client.send('{"text":"x"}', sending));
      await scope.eventually(() => peer.hanging === 64);
      await peer.kill();
      for (const { outcome } of calls) {
        const { delivered } = await client.fails(outcome, 'unavailable');
        assert.equal(delivered, 'maybe');
      }
      const next = { service: 'faults', endpoint: 'Faults.Echo' };
      assert.equal((await client.fails(client.send('{}', next).outcome, 'unavailable')).delivered, 'no');
      await server(scope, peer.address);
      await scope.eventually(async () => {
        assert.equal(textOf(await client.call('{"text":"back"}', next)), '{"text":"back"}');
      });
    },
  },
  {
    name: 'a peer that is frozen: calls end by their deadlines, and go on when it thaws',
    async run(scope) {
      const peer = await server(scope);
      const client = await clientOf(scope, await scope.create(), [peer.address]);
      const api = client.of(Faults);
      await api.echo({ text: 'before' });
      peer.freeze();
      const calls = Array.from({ length: 20 }, () => api.echo({ text: 'x' }, { timeoutMs: 300, retries: 0 }));
      await Promise.all(calls.map((call) => rejects(call, 'timeout')));
      peer.thaw();
      await scope.eventually(async () => {
        assert.deepEqual(await api.echo({ text: 'after' }, { timeoutMs: 2_000 }), { text: 'after' });
      });
    },
  },
  {
    name: 'a server that is drained under load: no call is lost',
    needs: ['goaway'],
    run: (scope) => drainUnderLoad(scope, 'slow'),
  },
  {
    // a request may cross the end of its connection, and nobody can say then whether it was taken
    name: 'a server that is drained under load: no call that may be sent again is lost',
    lacks: 'goaway',
    run: (scope) => drainUnderLoad(scope, 'again'),
  },
  {
    name: 'a reader that stops reading: its server stays small, and others are answered',
    async run(scope) {
      const peer = await server(scope);
      const client = await clientOf(scope, await scope.create(), [peer.address]);
      const api = client.of(Faults);
      await api.echo({ text: 'before' });
      const reader = await RemotePeer.start(scope, { role: 'reader', address: peer.address });
      await scope.eventually(() => reader.answers > 64);
      reader.freeze();
      const before = peer.rssMb;
      for (let turn = 0; turn < 200; turn++) {
        assert.deepEqual(await api.echo({ text: String(turn) }), { text: String(turn) });
        await new Promise((resolve) => setTimeout(resolve, 2));
      }
      const { growthMb = 300 } = scope.harness;
      assert.ok(peer.rssMb - before < growthMb, `it grew by ${peer.rssMb - before} MB`);
      const { answers } = reader;
      reader.thaw();
      await scope.eventually(() => reader.answers > answers + 64);
    },
  },
];
