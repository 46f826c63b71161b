import { AsyncLocalStorage } from 'node:async_hooks';
import {
  type Contract,
  contract,
  createClient,
  createService,
  memoryRegistry,
  type PluginOptions,
  rpc,
  type ServerStream,
  type ServiceRecord,
  stream,
  type,
  type Unary,
} from '@micro/core';
import type { BackendName } from '../../../scripts/backends/index.mjs';
import type { Contender, Message } from '../contender.ts';
import { contractOf, inTurn, nodesOf } from './many.ts';

interface Methods {
  readonly call: Unary<Message, Message>;
  readonly count: ServerStream<Message, Message>;
}

/** The contract of all contenders of ours. Unchecked messages, as their rivals have them. */
export const bench: Contract<Methods> = contract('bench', 'Bench', {
  call: rpc({ request: type<Message>(), response: type<Message>() }),
  count: rpc({ request: type<Message>(), response: stream(type<Message>()) }),
});

/** A transport, given the url of the server it needs. */
export type TransportOf = (url: string) => NonNullable<PluginOptions['transport']>;

export interface OursOptions {
  /** Where the service listens. @default 127.0.0.1:0 */
  readonly listen?: string;
  /** The server that the transport needs. */
  readonly backend?: BackendName;
  /** Both sides have contexts entered, as in a service that calls others. @default neither */
  readonly ambient?: boolean;
  /** Calls that the service takes at once. @default its own */
  readonly maxInFlight?: number;
  /** The service has so many nodes. @default 1 */
  readonly nodes?: number;
  /** It has so many endpoints, called in turn. @default 1 */
  readonly endpoints?: number;
}

/** Where a service of ours is found. */
export interface Place {
  readonly url: string;
  readonly records: readonly ServiceRecord[];
}

const plugins: PluginOptions = { broker: 'memory', codec: 'json' };

/** Contract, selector, deadline, codec over a transport of ours, between a service and a client that knows its record. */
export function ours(transport: TransportOf, options: OursOptions = {}): Contender {
  const {
    listen: address = '127.0.0.1:0',
    backend,
    ambient = false,
    nodes = 1,
    endpoints = 1,
    maxInFlight,
  } = options;
  const many = contractOf(endpoints);
  let serving = false;
  return {
    async serve(work) {
      serving = true;
      const server = backend && (await (await import('./backend.ts')).ownBackend(backend));
      const url = server?.url ?? '';
      const registry = memoryRegistry({ network: 'bench-server' });
      const service = createService({
        name: 'bench',
        ...plugins,
        ...{ registry, transport: transport(url), ambient, address, maxInFlight },
      });
      service.handle(bench, {
        call: work.handle,
        async *count(request, { signal }) {
          const reply = await work.handle(request);
          while (!signal.aborted) yield reply;
        },
      });
      service.handle(
        many,
        Object.fromEntries(Object.keys(many.endpoints).map((name) => [name, work.handle])),
      );
      if (ambient) service.client.of(bench);
      await service.start();
      // without descriptions: an address is handed over as an argument of a process
      const records = (await registry.getService('bench')).map((record) => ({ ...record, endpoints: [] }));
      return {
        address: JSON.stringify({ url, records } satisfies Place),
        async close() {
          await service.stop();
          await server?.close();
        },
      };
    },
    async connect(address) {
      const place: Place = JSON.parse(address);
      // from here on every promise of the process pays for contexts (Node 20), as in a service that calls others, and
      // as where the service is in the same process
      if (ambient && !serving) new AsyncLocalStorage().run({}, () => undefined);
      const registry = memoryRegistry({ network: 'bench-client' });
      for (const record of place.records) {
        await registry.register(nodesOf(record, nodes), { ttlMs: 86_400_000 });
      }
      const client = createClient({ ...plugins, registry, transport: transport(place.url), ambient });
      const { call, count } = client.of(bench);
      return {
        call: endpoints === 1 ? call : inTurn(Object.values(client.of(many))),
        stream: (request) => count(request)[Symbol.asyncIterator](),
        close: () => client.close(),
      };
    },
  };
}
