import {
  createClient,
  MicroError,
  memoryRegistry,
  type NodeRecord,
  type OutgoingCall,
  type Transport,
} from '@micro/core';
import type { Contender, Message } from '../contender.ts';

const endpoint = 'Bench.Call';

/**
 * Calls by name, in turn, so many of the services that the client knows. The client's half of a call only: the
 * transport answers by itself, so that nothing but core is measured.
 */
export function knowing(services: number, nodes: number, called: number): Contender {
  return {
    serve: async () => ({ address: '', close: async () => undefined }),
    async connect(_address, work) {
      const registry = memoryRegistry({ network: 'lookup' });
      const names = Array.from({ length: services }, (_, index) => `example.service-${index}`);
      for (const name of names) {
        const record = { name, version: '1.0.0', metadata: {}, endpoints: [], nodes: nodesOf(name, nodes) };
        await registry.register(record, { ttlMs: 86_400_000 });
      }
      const transport = echoing();
      const client = createClient({ registry, transport, broker: 'memory', codec: 'json', ambient: false });
      for (const name of names) await client.call(name, endpoint, work.request(0));
      let turn = 0;
      const call = (request: Message): Promise<unknown> => {
        turn = turn + 1 === called ? 0 : turn + 1;
        return client.call(names[turn] ?? '', endpoint, request);
      };
      return { call, close: () => client.close() };
    },
  };
}

function nodesOf(service: string, count: number): NodeRecord[] {
  return Array.from({ length: count }, (_, index) => ({
    id: `${service}-${index}`,
    address: `10.0.${index >> 8}.${index & 255}:8080`,
    metadata: { region: 'eu', transport: 'none' },
  }));
}

/** Gives each call its request back, a microtask later, as a value: there is no codec either. */
function echoing(): Transport {
  let waiting: OutgoingCall[] = [];
  const answer = (): void => {
    const calls = waiting;
    waiting = [];
    for (const call of calls) call.done(call.body);
  };
  return {
    name: 'none',
    features: new Set(),
    carries: 'values',
    listen: async () => {
      throw new MicroError('unimplemented', 'client only');
    },
    dial: (address) => ({
      address,
      state: 'ready',
      request(call) {
        if (waiting.push(call) === 1) queueMicrotask(answer);
      },
      cancel: () => undefined,
      open: () => {
        throw new MicroError('unimplemented', 'calls only');
      },
      close: async () => undefined,
      destroy: () => undefined,
    }),
    close: async () => undefined,
  };
}
