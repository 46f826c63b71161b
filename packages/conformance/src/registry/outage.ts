import assert from 'node:assert/strict';
import { isMicroError } from '@micro/core';
import { eventually, within } from '../eventually.ts';
import { rejects } from '../expectations.ts';
import { follow } from './follow.ts';
import type { RegistryCase, RegistryHarness } from './harness.ts';
import { longTtlMs, record, register, shows } from './records.ts';

const asks: readonly (keyof RegistryHarness)[] = ['breakBackend', 'restoreBackend'];

/** The backend goes away and comes back. */
export const outageCases: readonly RegistryCase[] = [
  {
    name: 'rejects with unavailable while the backend is down, and works when it is back',
    asks,
    async run(scope) {
      const registry = await scope.create();
      const fresh = await scope.create(); // has never been connected
      const service = record(scope.unique(), ['a']);
      await register(scope, registry, service);
      scope.defer(() => scope.harness.restoreBackend?.());
      await scope.harness.breakBackend?.();
      for (const one of [registry, fresh]) {
        await rejects(one.register(service, { ttlMs: longTtlMs }), 'unavailable', 30_000);
        await rejects(one.getService(service.name), 'unavailable', 30_000);
      }
      await scope.harness.restoreBackend?.();
      for (const one of [registry, fresh]) {
        await eventually(() => one.register(service, { ttlMs: longTtlMs }), { timeoutMs: 30_000 });
        await shows(scope, one, service.name, ['1.0.0 a 127.0.0.1:1000']);
      }
    },
  },
  {
    name: 'a watch throws unavailable when the backend is lost, and a new one begins with a list',
    asks,
    async run(scope) {
      const registry = await scope.create();
      const service = record(scope.unique(), ['a']);
      await register(scope, registry, service);
      const watch = await follow(scope, registry, service.name);
      scope.defer(() => scope.harness.restoreBackend?.());
      await scope.harness.breakBackend?.();
      const error = await within(watch.ended, 45_000, 'the end of the watch');
      assert.ok(isMicroError(error, 'unavailable'), `the watch ended with ${String(error)}`);
      await scope.harness.restoreBackend?.();
      await eventually(() => registry.register(service, { ttlMs: longTtlMs }), { timeoutMs: 30_000 });
      const again = await follow(scope, registry, service.name);
      assert.equal(again.changes[0]?.type, 'list');
      await again.shows(['1.0.0 a 127.0.0.1:1000']);
    },
  },
  {
    name: 'can be closed while the backend is down',
    asks,
    async run(scope) {
      const registry = await scope.create();
      await registry.listServices();
      scope.defer(() => scope.harness.restoreBackend?.());
      await scope.harness.breakBackend?.();
      await within(registry.close(), 20_000, 'close()');
    },
  },
];
