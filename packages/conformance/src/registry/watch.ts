import assert from 'node:assert/strict';
import { eventually } from '../eventually.ts';
import { aborted, assertFrozen, rejects } from '../expectations.ts';
import { noListeners } from '../leaks.ts';
import { follow } from './follow.ts';
import type { RegistryCase } from './harness.ts';
import { longTtlMs, node, nodeLines, patience, record, register, shows } from './records.ts';

/** What a watch tells. A plugin may answer a change with `put` and `remove`, or with a new list. */
export const watchCases: readonly RegistryCase[] = [
  {
    name: 'a watch begins with a list of what is there',
    async run(scope) {
      const [server, client] = [await scope.create(), await scope.create()];
      const name = scope.unique();
      await register(scope, server, record(name, ['a', 'b']));
      await shows(scope, client, name, ['1.0.0 a 127.0.0.1:1000', '1.0.0 b 127.0.0.1:1000']);
      const watch = await follow(scope, client, name);
      assert.equal(watch.changes[0]?.type, 'list');
      await watch.shows(['1.0.0 a 127.0.0.1:1000', '1.0.0 b 127.0.0.1:1000']);
    },
  },
  {
    name: 'a watch of a service that nobody offers begins with an empty list',
    async run(scope) {
      const watch = await follow(scope, await scope.create(), scope.unique());
      assert.equal(watch.changes[0]?.type, 'list');
      assert.deepEqual(watch.state, []);
    },
  },
  {
    name: 'a watch tells of nodes that come, change and go',
    async run(scope) {
      const [server, client] = [await scope.create(), await scope.create()];
      const name = scope.unique();
      const watch = await follow(scope, client, name);
      await register(scope, server, record(name, ['a']));
      await watch.shows(['1.0.0 a 127.0.0.1:1000']);
      await register(scope, server, record(name, ['b'], { version: '2.0.0' }));
      await watch.shows(['1.0.0 a 127.0.0.1:1000', '2.0.0 b 127.0.0.1:1000']);
      await register(scope, server, record(name, [], { nodes: [node('a', '127.0.0.1:2000')] }));
      await watch.shows(['1.0.0 a 127.0.0.1:2000', '2.0.0 b 127.0.0.1:1000']);
      await server.deregister(record(name, [], { nodes: [node('a', '127.0.0.1:2000')] }));
      await watch.shows(['2.0.0 b 127.0.0.1:1000']);
      await server.deregister(record(name, ['b'], { version: '2.0.0' }));
      await watch.shows([]);
    },
  },
  {
    name: 'a watch tells of a node whose TTL is over',
    needs: ['ttl'],
    async run(scope) {
      const [dead, client] = [await scope.create(), await scope.create()];
      const name = scope.unique();
      const watch = await follow(scope, client, name);
      await dead.register(record(name, ['a']), { ttlMs: scope.harness.ttlMs });
      await watch.shows(['1.0.0 a 127.0.0.1:1000']);
      await dead.close();
      const timeoutMs = scope.harness.ttlMs + patience(scope, client);
      await eventually(() => watch.state.length === 0 || nodeLines(watch.state).length === 0, { timeoutMs });
    },
  },
  {
    name: 'a watch does not repeat itself when a node is only renewed',
    async run(scope) {
      const [server, client] = [await scope.create(), await scope.create()];
      const name = scope.unique();
      const service = record(name, ['a']);
      await register(scope, server, service);
      const watch = await follow(scope, client, name);
      await watch.shows(['1.0.0 a 127.0.0.1:1000']);
      for (let renewal = 0; renewal < 5; renewal++) await server.register(service, { ttlMs: longTtlMs });
      await register(scope, server, record(name, ['b'])); // comes after what the renewals may have caused
      await watch.shows(['1.0.0 a 127.0.0.1:1000', '1.0.0 b 127.0.0.1:1000']);
      const puts = watch.changes.filter(
        (change) => change.type === 'put' && change.service.nodes[0]?.id === 'a',
      );
      assert.ok(puts.length <= 1, `${puts.length} changes for renewals`);
    },
  },
  {
    name: 'a watch of one service tells nothing about others',
    async run(scope) {
      const [server, client] = [await scope.create(), await scope.create()];
      const name = scope.unique();
      const watch = await follow(scope, client, name);
      for (const other of [`${name}x`, name.slice(0, -1), name.toUpperCase()]) {
        await register(scope, server, record(other, ['a']));
      }
      await register(scope, server, record(name, ['mine']));
      await watch.shows(['1.0.0 mine 127.0.0.1:1000']);
      for (const change of watch.changes) {
        if (change.type === 'remove') assert.equal(change.name, name);
        else if (change.type === 'put') assert.equal(change.service.name, name);
        else for (const service of change.services) assert.equal(service.name, name);
        if (change.type === 'list')
          assert.equal(change.name, name, 'a list says what it is the whole truth about');
      }
    },
  },
  {
    name: 'a watch of everything tells about every service',
    needs: ['watch-all'],
    async run(scope) {
      const [server, client] = [await scope.create(), await scope.create()];
      const watch = await follow(scope, client, undefined);
      const names = [scope.unique('a'), scope.unique('b')];
      for (const name of names) await register(scope, server, record(name, [`${name}-1`]));
      const seen = (): readonly string[] =>
        watch.state.map(({ name }) => name).filter((name) => names.includes(name));
      const timeoutMs = patience(scope, client);
      await eventually(() => assert.deepEqual([...seen()].sort(), names), { timeoutMs });
      await server.deregister(record(names[0] ?? '', [`${names[0]}-1`]));
      await eventually(() => assert.deepEqual(seen(), [names[1]]), { timeoutMs });
    },
  },
  {
    name: 'refuses a watch of everything by name when it cannot',
    lacks: 'watch-all',
    async run({ create }) {
      const registry = await create();
      const { signal } = new AbortController();
      await rejects(
        registry.watch(undefined, () => {}, { signal }),
        'unimplemented',
      );
    },
  },
  {
    name: 'two watches each see everything, and one may end without the other',
    async run(scope) {
      const [server, client] = [await scope.create(), await scope.create()];
      const name = scope.unique();
      const [one, two] = [await follow(scope, client, name), await follow(scope, client, name)];
      await register(scope, server, record(name, ['a']));
      await one.shows(['1.0.0 a 127.0.0.1:1000']);
      await two.shows(['1.0.0 a 127.0.0.1:1000']);
      await one.stop();
      await register(scope, server, record(name, ['b']));
      await two.shows(['1.0.0 a 127.0.0.1:1000', '1.0.0 b 127.0.0.1:1000']);
      assert.equal(nodeLines(one.state).length, 1);
    },
  },
  {
    name: 'a watch ends without an error when its signal aborts, tells nothing more, and lets go of the signal',
    async run(scope) {
      const registry = await scope.create();
      const name = scope.unique();
      const watch = await follow(scope, registry, name);
      await scope.within(watch.stop(), 'the end of the watch');
      assert.equal(await watch.ended, undefined);
      noListeners(watch.signal);
      const told = watch.changes.length;
      await register(scope, registry, record(name, ['a']));
      await shows(scope, registry, name, ['1.0.0 a 127.0.0.1:1000']);
      assert.equal(watch.changes.length, told);
      const late = registry.watch(name, () => assert.fail('told after the abort'), { signal: aborted() });
      await scope.within(late, 'a watch with an aborted signal');
    },
  },
  {
    name: 'a watch ends without an error when the registry closes',
    async run(scope) {
      const registry = await scope.create();
      const watch = await follow(scope, registry, scope.unique());
      await registry.close();
      assert.equal(await scope.within(watch.ended, 'the end of the watch'), undefined);
      noListeners(watch.signal);
      const { signal } = new AbortController();
      await rejects(
        registry.watch(scope.unique(), () => {}, { signal }),
        'unavailable',
      );
    },
  },
  {
    name: 'what a watch tells cannot be changed',
    async run(scope) {
      const registry = await scope.create();
      const name = scope.unique();
      const watch = await follow(scope, registry, name);
      await register(scope, registry, record(name, ['a']));
      await watch.shows(['1.0.0 a 127.0.0.1:1000']);
      watch.changes.forEach((change, index) => {
        if (change.type === 'list') assertFrozen(change.services, `services of change ${index}`);
        if (change.type === 'put') assertFrozen(change.service, `service of change ${index}`);
      });
    },
  },
  {
    name: 'a burst of changes ends in the true state',
    async run(scope) {
      const [server, client] = [await scope.create(), await scope.create()];
      const name = scope.unique();
      const burst = scope.harness.burst ?? 1000;
      const watch = await follow(scope, client, name);
      for (let change = 1; change <= burst; change++) {
        const nodes = [node('a', `127.0.0.1:${change}`), node(`b${change % 7}`)];
        await server.register(record(name, [], { nodes }), { ttlMs: longTtlMs });
        if (change % 10 === 0)
          await server.deregister(record(name, ['b1', 'b2', 'b3', 'b4', 'b5', 'b6', 'b0']));
      }
      scope.defer(() => server.deregister(record(name, ['a'])));
      await server.deregister(record(name, ['b1', 'b2', 'b3', 'b4', 'b5', 'b6', 'b0']));
      await shows(scope, client, name, [`1.0.0 a 127.0.0.1:${burst}`]);
      await watch.shows([`1.0.0 a 127.0.0.1:${burst}`]);
    },
  },
];
