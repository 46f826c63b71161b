import assert from 'node:assert/strict';
import { isMicroError } from '@micro/core';
import { eventually, within } from '../eventually.ts';
import { rejects } from '../expectations.ts';
import { cutProxy } from '../faults/cut-proxy.ts';
import { strangers } from '../faults/strangers.ts';
import type { RegistryFaultCase, RegistryFaultScope } from './fault-harness.ts';
import { newFleet, recoveryMs } from './fleet.ts';
import { follow } from './follow.ts';
import { longTtlMs, record, register, shows } from './records.ts';

const askedIn = 50;

/** Breaks the server under a running fleet: callers keep what they know, and everything comes back by itself. */
async function outage(scope: RegistryFaultScope, end: 'stop' | 'kill', awayMs: number): Promise<void> {
  const { server, ttlMs } = scope.harness;
  const [services, callers] = [await scope.create(), await scope.create()];
  const fleet = newFleet(scope, 3 * ttlMs, callers);
  const first = await fleet.join(services);
  await fleet.reaches(first);
  scope.defer(() => server.start());
  await server[end]();
  const backAt = performance.now() + awayMs;
  do {
    assert.equal(await fleet.call(), first.id, 'a call while the registry is away');
    await new Promise((resolve) => setTimeout(resolve, askedIn));
  } while (performance.now() < backAt);
  await server.start();
  const newcomer = await scope.create();
  await eventually(() => first.ready, { timeoutMs: recoveryMs });
  const second = await fleet.join(newcomer);
  await fleet.reaches(first, second);
  const found = async (): Promise<boolean> => {
    const nodes = (await newcomer.getService(fleet.name)).flatMap((service) => service.nodes);
    return nodes.length === 2;
  };
  await eventually(found, { timeoutMs: recoveryMs });
}

/** The server goes away and comes back, and nobody is restarted. */
export const serverFaultCases: readonly RegistryFaultCase[] = [
  {
    name: 'calls go on while the server is stopped; afterwards nodes are registered and watched again by themselves',
    run: (scope) => outage(scope, 'stop', scope.harness.outageMs ?? 10_000),
  },
  {
    name: 'calls go on when the server is killed; afterwards nodes are registered and watched again by themselves',
    run: (scope) => outage(scope, 'kill', 0),
  },
  {
    name: 'a connection that is cut is made again, and a watch misses nothing',
    async run(scope) {
      const proxy = await cutProxy(scope.harness.port);
      scope.defer(proxy.close);
      const [services, callers] = [proxy.address, proxy.address].map(scope.harness.createAt);
      assert.ok(services && callers);
      scope.defer(() => Promise.all([services.close(), callers.close()]));
      const fleet = newFleet(scope, longTtlMs, callers);
      const first = await fleet.join(services);
      await fleet.reaches(first);
      const direct = await scope.create();
      proxy.cut();
      const second = await fleet.join(direct);
      await fleet.reaches(first, second);
      await proxy.refuse();
      const third = await fleet.join(direct);
      assert.ok(await fleet.call(), 'a call while nothing gets through');
      await proxy.restore();
      await fleet.reaches(first, second, third);
      const late = await fleet.join(services);
      await fleet.reaches(late);
    },
  },
  {
    name: 'answers are cut midway, time and again: what follows is not taken for their rest',
    async run(scope) {
      const proxy = await cutProxy(scope.harness.port);
      scope.defer(proxy.close);
      const registry = await scope.harness.createAt(proxy.address);
      scope.defer(() => registry.close());
      const service = record(scope.unique(), ['a']);
      await register(scope, registry, service);
      const cuts = async (): Promise<void> => {
        for (let time = 0; time < 6; time++) {
          proxy.cutMidway();
          await registry.getService(service.name).catch(() => undefined); // the one that is cut may fail
          await eventually(() => registry.register(service, { ttlMs: longTtlMs }), { timeoutMs: recoveryMs });
          await shows(scope, registry, service.name, ['1.0.0 a 127.0.0.1:1000']);
        }
      };
      await within(cuts(), 20_000, 'six cuts, none of which waits for a time limit,');
      await (await follow(scope, registry, service.name)).shows(['1.0.0 a 127.0.0.1:1000']);
    },
  },
  {
    name: 'where others speak than the server it is unavailable, and nobody is harmed',
    async run(scope) {
      const others = await strangers();
      scope.defer(() => Promise.all(others.map((other) => other.close())));
      const asking = others.map(async ({ address }) => {
        const registry = await scope.harness.createAt(address);
        scope.defer(() => registry.close());
        await rejects(registry.getService(scope.unique()), ['unavailable', 'bad_request'], 30_000);
        await rejects(registry.getService(scope.unique()), ['unavailable', 'bad_request'], 30_000);
        await within(registry.close(), 20_000, 'close()');
      });
      await Promise.all(asking);
      for (const { visits } of others) assert.ok(visits < 500, `it has come ${visits} times`);
    },
  },
  {
    name: 'a server that is frozen is unavailable, to watches too, and works when it goes on',
    async run(scope) {
      const { server } = scope.harness;
      const registry = await scope.create();
      const service = record(scope.unique(), ['a']);
      await register(scope, registry, service);
      const watch = await follow(scope, registry, service.name);
      scope.defer(() => server.thaw());
      server.freeze();
      const renewal = registry.register(service, { ttlMs: longTtlMs });
      const lookup = registry.getService(service.name);
      const calls = [rejects(renewal, 'unavailable', recoveryMs), rejects(lookup, 'unavailable', recoveryMs)];
      const error = await within(watch.ended, 45_000, 'the end of the watch');
      assert.ok(isMicroError(error, 'unavailable'), `the watch ended with ${String(error)}`);
      await Promise.all(calls);
      server.thaw();
      await eventually(() => registry.register(service, { ttlMs: longTtlMs }), { timeoutMs: recoveryMs });
      await shows(scope, registry, service.name, ['1.0.0 a 127.0.0.1:1000']);
      await (await follow(scope, registry, service.name)).shows(['1.0.0 a 127.0.0.1:1000']);
    },
  },
];
