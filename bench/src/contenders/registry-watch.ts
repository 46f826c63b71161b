import type { Registry, RegistryChange, ServiceRecord } from '@micro/core';
import type { BackendName } from '../../../scripts/backends/index.mjs';
import type { Contender, Message } from '../contender.ts';
import { serveBackend } from './events.ts';

/** Each with a registry, and a connection, of its own. */
const clients = 50;
const name = 'bench.watched';
const ttlMs = 600_000;

/** A call changes a node and is over when every watching client has been told. */
export function watching(make: (address: string) => Registry, backend?: BackendName): Contender {
  return {
    serve:
      backend === undefined ? async () => ({ address: '', close: async () => {} }) : serveBackend(backend),
    async connect(address) {
      const told = Array.from({ length: clients }, () => 0);
      let wanted = 0;
      let missing = clients;
      let seen = (): void => {};
      let fail = (_error: unknown): void => {};
      const hear = (client: number, change: RegistryChange): void => {
        const before = told[client] ?? 0;
        const version = Math.max(before, versionIn(change));
        told[client] = version;
        if (before < wanted && version >= wanted && --missing === 0) seen();
      };
      const { signal } = new AbortController();
      const watchers = Array.from({ length: clients }, () => make(address));
      const begun = watchers.map(
        (registry, client) =>
          new Promise<void>((resolve, reject) => {
            const changed = (change: RegistryChange): void => {
              resolve();
              hear(client, change);
            };
            registry.watch(name, changed, { signal }).catch((error: unknown) => {
              reject(error);
              fail(error);
            });
          }),
      );
      await Promise.all(begun);
      const registry = make(address);
      return {
        async call(request: Message) {
          wanted++;
          missing = clients;
          const everybody = new Promise<void>((resolve, reject) => {
            seen = resolve;
            fail = reject;
          });
          await Promise.all([registry.register(recordOf(wanted), { ttlMs }), everybody]);
          return request;
        },
        async close() {
          await registry.deregister(recordOf(wanted));
          await Promise.all([registry, ...watchers].map((one) => one.close()));
        },
      };
    },
  };
}

function recordOf(version: number): ServiceRecord {
  const node = { id: `${name}-1`, address: '10.0.0.1:8080', metadata: { version: String(version) } };
  return { name, version: '1.0.0', metadata: {}, endpoints: [], nodes: [node] };
}

function versionIn(change: RegistryChange): number {
  if (change.type === 'remove') return 0;
  const services = change.type === 'list' ? change.services : [change.service];
  const versions = services.flatMap(({ nodes }) => nodes.map(({ metadata }) => Number(metadata.version)));
  return Math.max(0, ...versions);
}
