import type { Registry } from '@micro/core';
import { noListeners, nothingLeft, resources } from '../leaks.ts';
import type { Suite } from '../suite.ts';
import { follow } from './follow.ts';
import type { RegistryCase, RegistryHarness } from './harness.ts';
import { lifetimeCases } from './lifetime.ts';
import { lookupCases } from './lookup.ts';
import { outageCases } from './outage.ts';
import { longTtlMs, record } from './records.ts';
import { watchCases } from './watch.ts';

const leaksNothing: RegistryCase = {
  name: 'leaves no socket, timer or listener after close',
  async run(scope) {
    const warm = await scope.create(); // what a library makes once for the process is not a leak
    await warm.listServices();
    await warm.close();
    using before = resources();
    const registry = await scope.create();
    const { signal } = new AbortController();
    const service = record(scope.unique(), ['a']);
    await registry.register(service, { ttlMs: longTtlMs, signal });
    const watch = await follow(scope, registry, service.name);
    await registry.getService(service.name, { signal });
    await registry.deregister(service, { signal });
    await registry.close();
    await watch.ended;
    await nothingLeft(before, scope.harness.patienceMs);
    noListeners(signal);
  },
};

/** What every registry has to do. */
export const registrySuite: Suite<RegistryHarness, Registry> = {
  kind: 'registry',
  cases: [...lookupCases, ...lifetimeCases, ...watchCases, ...outageCases, leaksNothing],
};
