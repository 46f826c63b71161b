import assert from 'node:assert/strict';
import type { Registry, ServiceRecord } from '@micro/core';
import type { RegistryFaultCase } from './fault-harness.ts';
import { follow } from './follow.ts';
import { longTtlMs, node, nodeLines, record } from './records.ts';

const atOnce = 50;
const clients = 10;

/** Ten thousand nodes take a small machine their time. */
const crowdMs = 180_000;

/** Many services, many nodes, many watchers. */
export const crowdCases: readonly RegistryFaultCase[] = [
  {
    name: 'a crowd of services is listed and watched, and a change is seen by all',
    limitMs: crowdMs,
    async run(scope) {
      const { services: count = 1_000, nodes = 10, populate } = scope.harness.crowd ?? {};
      const server = await scope.create();
      const crowd = scope.unique('crowd');
      const services = Array.from({ length: count }, (_, index) => member(`${crowd}-${index}`, nodes));
      if (populate === undefined) {
        scope.defer(() => inTurn(services, (one) => server.deregister(one)));
        await inTurn(services, (one) => server.register(one, { ttlMs: longTtlMs }));
      } else scope.defer(await populate(services));
      const last = services[count - 1];
      assert.ok(last);

      const registries = await Promise.all(Array.from({ length: clients }, () => scope.create()));
      for (const registry of registries.slice(0, 2)) {
        // Where services answer for themselves, a thousand in one process may begin after the window for answers.
        await scope.eventually(async () => {
          const listed = (await registry.listServices()).filter((name) => name.startsWith(crowd));
          assert.equal(listed.length, count);
          assert.equal(nodeLines(await registry.getService(last.name)).length, nodes);
        });
      }
      const all = registries.filter((registry) => registry.features.has('watch-all')).slice(0, 1);
      const everything = await Promise.all(all.map((registry) => follow(scope, registry, undefined)));
      await scope.eventually(() => {
        for (const { state } of everything)
          assert.equal(nodeLines(state.filter(({ name }) => name.startsWith(crowd))).length, count * nodes);
      });

      const watches = await Promise.all(registries.map((registry) => follow(scope, registry, last.name)));
      const late = record(last.name, ['late']);
      await server.register(late, { ttlMs: longTtlMs });
      const knows = (): boolean =>
        [...watches, ...everything].every(({ state }) => hasNode(state, last.name, 'late'));
      await scope.eventually(knows);
      await server.deregister(late);
      await scope.eventually(() => !watches.some(({ state }) => hasNode(state, last.name, 'late')));
    },
  },
  {
    name: 'a client may watch many services at once',
    limitMs: crowdMs,
    async run(scope) {
      const { watched: count = 1_000 } = scope.harness.crowd ?? {};
      const [server, client] = [await scope.create(), await scope.create()];
      const crowd = scope.unique('watched');
      const services = Array.from({ length: count }, (_, index) => member(`${crowd}-${index}`, 1));
      scope.defer(() => inTurn(services, (one) => server.deregister(one)));
      const watches = await Promise.all(services.map(({ name }) => follow(scope, client, name)));
      await inTurn(services, (one) => server.register(one, { ttlMs: longTtlMs }));
      await scope.eventually(() => watches.every(({ state }) => nodeLines(state).length === 1));
    },
  },
];

function member(name: string, nodes: number): ServiceRecord {
  return record(name, [], {
    nodes: Array.from({ length: nodes }, (_, index) =>
      node(`${name}-${index}`, `127.0.0.1:${1_000 + index}`),
    ),
  });
}

function hasNode(state: readonly ServiceRecord[], name: string, id: string): boolean {
  return state.some((service) => service.name === name && service.nodes.some((one) => one.id === id));
}

/** A bounded number of requests at a time, as the processes of a fleet would come. */
async function inTurn(
  services: readonly ServiceRecord[],
  run: (service: ServiceRecord) => ReturnType<Registry['deregister']>,
): Promise<void> {
  for (let begin = 0; begin < services.length; begin += atOnce) {
    await Promise.all(services.slice(begin, begin + atOnce).map(run));
  }
}
