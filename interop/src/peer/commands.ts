import type { Registry, Service } from '@micro/core';
import type { Arguments, Greetings, Results } from '../protocol.ts';
import { echo, numbers } from './contract.ts';
import { greet, startLoad, versionFilter } from './greet.ts';
import { mirrorEach, mirrorOnce } from './messages.ts';
import { chat, count, sum } from './streams.ts';
import { tell } from './tell.ts';

type Commands = { readonly [K in keyof Results]: (args: Arguments) => Promise<Results[K]> };

/** What the peer can be told to do. */
export function commandsOf(service: Service): Commands {
  const { client } = service;
  const registry = (): Registry => service.plugin('registry');
  let end: (() => Promise<Greetings>) | undefined;
  const call = (args: Arguments, body: unknown): Promise<unknown> => {
    const { service: called = '', endpoint = '', metadata, timeoutMs, version } = args;
    return client.call(called, endpoint, body, { metadata, timeoutMs, filter: versionFilter(version) });
  };
  return {
    call: (args) => call(args, args.body),
    empty: (args) => call(args, new Uint8Array(0)),
    async echo({ service: called = '', size = 0 }) {
      const text = 'x'.repeat(size);
      const back = await client.of(echo(called)).text({ text });
      return { same: back.text === text };
    },
    greet: (args) => greet(client, args),
    async load(args) {
      end = startLoad(client, args);
    },
    async endLoad() {
      if (end === undefined) throw new Error('there is no load');
      return end();
    },
    count: (args) => count(client, args),
    chat: (args) => chat(client, args),
    sum: (args) => sum(client, args),
    mirror: (args) => mirrorOnce(client, args),
    mirrorEach: (args) => mirrorEach(client, args),
    lookup: ({ service: name = '' }) => registry().getService(name),
    list: () => registry().listServices(),
    watch: async ({ service: name = '' }) => watch(registry(), name),
    async publish({ topic = '', times = 1, metadata }) {
      const failures: Record<string, number> = {};
      for (let n = 1; n <= times; n++) {
        await client.publish(numbers(topic), { n, text: 'größe' }, { metadata }).catch((error) => {
          failures[String(error)] = (failures[String(error)] ?? 0) + 1;
        });
      }
      return { failures };
    },
  };
}

/** Tells the ids of the service's nodes, first and whenever they change. */
function watch(registry: Registry, name: string): void {
  const ids = new Set<string>();
  let told: string | undefined;
  const { signal } = new AbortController();
  const watching = registry.watch(
    name,
    (change) => {
      if (change.type === 'remove') for (const id of change.ids) ids.delete(id);
      else {
        if (change.type === 'list') ids.clear();
        const services = change.type === 'list' ? change.services : [change.service];
        for (const { nodes } of services) for (const { id } of nodes) ids.add(id);
      }
      const sorted = [...ids].sort();
      if (sorted.join() === told) return;
      told = sorted.join();
      tell({ event: 'nodes', service: name, ids: sorted });
    },
    { signal },
  );
  watching.catch((error) => process.stderr.write(`the watch of ${name} has ended: ${error}\n`));
}
