import assert from 'node:assert/strict';
import { rejects } from '../expectations.ts';
import type { RegistryFaultCase } from './fault-harness.ts';
import { longTtlMs, record, register, shows } from './records.ts';

const refused = ['unauthorized', 'forbidden'] as const;

/** What the server does not take, it says why. */
export const refusalCases: readonly RegistryFaultCase[] = [
  {
    name: "credentials that the server refuses are an error with the server's reason, at every use",
    asks: ['createRefused', 'refusal'],
    async run(scope) {
      const registry = scope.harness.createRefused?.();
      assert.ok(registry);
      scope.defer(() => registry.close());
      const service = record(scope.unique(), ['a']);
      const { signal } = new AbortController();
      const uses = [
        () => registry.register(service, { ttlMs: longTtlMs }),
        () => registry.getService(service.name),
        () => registry.listServices(),
        () => registry.watch(service.name, () => {}, { signal }),
      ];
      for (const use of uses) {
        const { message } = await rejects(use(), refused);
        assert.match(message, scope.harness.refusal ?? /^/);
      }
    },
  },
  {
    name: "a record that the server rejects is an error with the server's reason, and disturbs nothing else",
    asks: ['rejected'],
    async run(scope) {
      const registry = await scope.create();
      const service = record(scope.unique(), ['a']);
      await register(scope, registry, service);
      const { rejected } = scope.harness;
      assert.ok(rejected);
      const { message } = await rejects(
        registry.register(rejected.record, { ttlMs: longTtlMs }),
        rejected.code,
      );
      assert.match(message, rejected.reason);
      await registry.register(service, { ttlMs: longTtlMs });
      await shows(scope, registry, service.name, ['1.0.0 a 127.0.0.1:1000']);
    },
  },
];
