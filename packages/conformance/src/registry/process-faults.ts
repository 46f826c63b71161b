import assert from 'node:assert/strict';
import { eventually } from '../eventually.ts';
import type { RegistryFaultCase } from './fault-harness.ts';
import { recoveryMs } from './fleet.ts';
import { follow } from './follow.ts';
import { nodeLines, patience } from './records.ts';

/** The process that has registered stops for a while, or for good. */
export const processFaultCases: readonly RegistryFaultCase[] = [
  {
    name: 'a process that was frozen for longer than its TTL is gone meanwhile, and back when it goes on',
    needs: ['ttl'],
    asks: ['startProcess'],
    async run(scope) {
      const registry = await scope.create();
      const ttlMs = 2 * scope.harness.ttlMs;
      const name = scope.unique();
      const watch = await follow(scope, registry, name);
      const child = await scope.harness.startProcess?.(name, ttlMs);
      assert.ok(child);
      scope.defer(() => child.kill());
      const nodes = (): number => nodeLines(watch.state).length;
      await eventually(() => nodes() === 1, { timeoutMs: patience(scope, registry) });
      child.freeze();
      await eventually(() => nodes() === 0, { timeoutMs: ttlMs + patience(scope, registry) });
      child.thaw();
      await eventually(() => nodes() === 1, { timeoutMs: recoveryMs });
    },
  },
  {
    name: 'a process that was killed is gone at its TTL',
    needs: ['ttl'],
    asks: ['startProcess'],
    async run(scope) {
      const registry = await scope.create();
      const ttlMs = 2 * scope.harness.ttlMs;
      const name = scope.unique();
      const watch = await follow(scope, registry, name);
      const child = await scope.harness.startProcess?.(name, ttlMs);
      assert.ok(child);
      await eventually(() => nodeLines(watch.state).length === 1, { timeoutMs: patience(scope, registry) });
      await child.kill();
      await watch.shows([]);
    },
  },
];
