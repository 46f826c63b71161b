import assert from 'node:assert/strict';
import { eventually } from '../eventually.ts';
import { aborted, rejects } from '../expectations.ts';
import type { RegistryCase } from './harness.ts';
import { longTtlMs, nodeLines, patience, record, register, shows } from './records.ts';

/** Renewal and expiry, cancellation, closing, many at once. */
export const lifetimeCases: readonly RegistryCase[] = [
  {
    name: 'a node that is not renewed vanishes when its TTL is over',
    needs: ['ttl'],
    async run(scope) {
      const [dead, client] = [await scope.create(), await scope.create()];
      const { ttlMs } = scope.harness;
      const name = scope.unique();
      await dead.register(record(name, ['a']), { ttlMs });
      await shows(scope, client, name, ['1.0.0 a 127.0.0.1:1000']);
      await dead.close(); // as good as killed: nobody renews, nobody deregisters
      const timeoutMs = ttlMs + patience(scope, client);
      await eventually(async () => (await client.getService(name)).length === 0, { timeoutMs });
      await eventually(async () => !(await client.listServices()).includes(name), { timeoutMs });
    },
  },
  {
    name: 'a node that is renewed in time never vanishes',
    needs: ['ttl'],
    async run(scope) {
      const [server, client] = [await scope.create(), await scope.create()];
      const { ttlMs } = scope.harness;
      const service = record(scope.unique(), ['a']);
      const renew = (): Promise<void> => server.register(service, { ttlMs });
      await renew();
      scope.defer(() => server.deregister(service));
      await shows(scope, client, service.name, ['1.0.0 a 127.0.0.1:1000']);
      const start = performance.now();
      let renewedAt = start;
      let vanished = false;
      await eventually(
        async () => {
          const time = performance.now();
          if (time - renewedAt > ttlMs / 3) {
            renewedAt = time;
            await renew();
          }
          if ((await client.getService(service.name)).length === 0) vanished = true;
          return vanished || time - start > 2.5 * ttlMs;
        },
        { timeoutMs: 4 * ttlMs + 5_000 },
      );
      assert.ok(!vanished, 'the node vanished although it was renewed');
    },
  },
  {
    name: 'registering the same object again makes anew what has expired',
    needs: ['ttl'],
    async run(scope) {
      const registry = await scope.create();
      const other = await scope.create();
      const service = record(scope.unique(), ['a']);
      await registry.register(service, { ttlMs: longTtlMs });
      await shows(scope, other, service.name, ['1.0.0 a 127.0.0.1:1000']);
      await other.deregister(service); // lost, and the owner does not know
      await eventually(async () => (await other.getService(service.name)).length === 0, {
        timeoutMs: patience(scope, other),
      });
      await register(scope, registry, service);
      await shows(scope, other, service.name, ['1.0.0 a 127.0.0.1:1000']);
    },
  },
  {
    name: 'a hundred calls at once all succeed',
    async run(scope) {
      const registry = await scope.create();
      const name = scope.unique();
      const ids = Array.from({ length: 100 }, (_, index) => `node-${String(index).padStart(3, '0')}`);
      await Promise.all(ids.map((id) => register(scope, registry, record(name, [id]))));
      await shows(
        scope,
        registry,
        name,
        ids.map((id) => `1.0.0 ${id} 127.0.0.1:1000`),
      );
      const answers = await Promise.all(ids.map(() => registry.getService(name)));
      for (const answer of answers) assert.equal(nodeLines(answer).length, 100);
      await Promise.all(ids.map((id) => registry.deregister(record(name, [id]))));
      await shows(scope, registry, name, []);
    },
  },
  {
    name: 'rejects with canceled, at once, when the signal has aborted',
    async run(scope) {
      const registry = await scope.create();
      const service = record(scope.unique(), ['a']);
      const signal = aborted();
      await rejects(registry.register(service, { ttlMs: longTtlMs, signal }), 'canceled');
      await rejects(registry.deregister(service, { signal }), 'canceled');
      await rejects(registry.getService(service.name, { signal }), 'canceled');
      await rejects(registry.listServices({ signal }), 'canceled');
    },
  },
  {
    name: 'may be closed twice, and before it was used',
    async run({ create }) {
      const registry = await create();
      await Promise.all([registry.close(), registry.close()]);
      await registry.close();
    },
  },
  {
    name: 'rejects with unavailable after close',
    async run(scope) {
      const registry = await scope.create();
      const service = record(scope.unique(), ['a']);
      await registry.getService(service.name);
      await registry.close();
      await rejects(registry.register(service, { ttlMs: longTtlMs }), 'unavailable');
      await rejects(registry.getService(service.name), 'unavailable');
      await rejects(registry.listServices(), 'unavailable');
      await rejects(registry.deregister(service), 'unavailable');
    },
  },
  {
    name: 'closing one instance does not disturb another',
    async run(scope) {
      const [one, two] = [await scope.create(), await scope.create()];
      const name = scope.unique();
      await register(scope, two, record(name, ['a']));
      await shows(scope, one, name, ['1.0.0 a 127.0.0.1:1000']);
      await one.close();
      await shows(scope, two, name, ['1.0.0 a 127.0.0.1:1000']);
    },
  },
];
