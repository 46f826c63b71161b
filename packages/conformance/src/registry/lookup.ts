import assert from 'node:assert/strict';
import { eventually } from '../eventually.ts';
import { assertFrozen, oddMetadata, oddNames, rejects } from '../expectations.ts';
import type { RegistryCase } from './harness.ts';
import { longTtlMs, node, patience, plain, record, register, shows } from './records.ts';

const full = {
  metadata: oddMetadata(),
  endpoints: [
    {
      name: 'Greeter.Hello',
      request: {
        name: 'HelloRequest',
        type: 'HelloRequest',
        values: [{ name: 'name', type: 'string', values: null }],
      },
      response: { name: 'HelloReply', type: 'HelloReply', values: [] },
      metadata: { stream: 'true', größe: '日本' },
    },
    { name: 'Greeter.Nothing', request: null, response: null, metadata: {} },
  ],
};

/** Registering and finding. */
export const lookupCases: readonly RegistryCase[] = [
  {
    name: 'says what it is and what it can do',
    async run({ harness, create }) {
      const registry = await create();
      assert.match(registry.name, /^[a-z][a-z0-9-]*$/);
      assert.ok(registry.propagationMs >= 0 && Number.isFinite(registry.propagationMs), 'propagationMs');
      assert.deepEqual([...registry.features].sort(), [...harness.features].sort());
      for (const feature of registry.features)
        assert.ok(['ttl', 'watch-all', 'lan'].includes(feature), feature);
    },
  },
  {
    name: 'another instance finds a service with all that it was registered with',
    async run(scope) {
      const [server, client] = [await scope.create(), await scope.create()];
      const name = scope.unique();
      const nodes = [node(`${name}-1`, '[::1]:8080', oddMetadata()), node(`${name}-2`, 'unix:/tmp/a b.sock')];
      const service = record(name, [], { ...full, nodes });
      await register(scope, server, service);
      const check = async (): Promise<void> =>
        assert.deepEqual(plain(await client.getService(name)), plain([service]));
      await eventually(check, { timeoutMs: patience(scope, client) });
    },
  },
  {
    name: 'finds nothing, and no error, for a service that nobody offers',
    async run({ create, unique }) {
      assert.deepEqual(await (await create()).getService(unique()), []);
    },
  },
  {
    name: 'lists each service once, sorted',
    async run(scope) {
      const [server, client] = [await scope.create(), await scope.create()];
      const names = ['b', 'a', 'c'].map((letter) => scope.unique(letter));
      for (const name of names) await register(scope, server, record(name, [`${name}-1`, `${name}-2`]));
      await register(scope, server, record(names[0] ?? '', [`${names[0]}-3`], { version: '2.0.0' }));
      await eventually(
        async () => {
          const listed = await client.listServices();
          assert.deepEqual(listed, [...new Set(listed)].sort());
          assert.deepEqual(
            listed.filter((name) => names.includes(name)),
            [...names].sort(),
          );
        },
        { timeoutMs: patience(scope, client) },
      );
    },
  },
  {
    name: 'keeps two versions of a service apart',
    async run(scope) {
      const registry = await scope.create();
      const name = scope.unique();
      await register(
        scope,
        registry,
        record(name, [`${name}-1`], { version: '1.0.0', metadata: { of: 'one' } }),
      );
      await register(
        scope,
        registry,
        record(name, [`${name}-2`], { version: '2.0.0', metadata: { of: 'two' } }),
      );
      await shows(scope, registry, name, [
        `1.0.0 ${name}-1 127.0.0.1:1000`,
        `2.0.0 ${name}-2 127.0.0.1:1000`,
      ]);
      const services = await registry.getService(name);
      assert.deepEqual(services.map(({ version, metadata }) => `${version} ${metadata.of}`).sort(), [
        '1.0.0 one',
        '2.0.0 two',
      ]);
    },
  },
  {
    name: 'gathers the nodes of one version from several instances',
    async run(scope) {
      const [one, two] = [await scope.create(), await scope.create()];
      const name = scope.unique();
      await register(scope, one, record(name, [`${name}-1`]));
      await register(scope, two, record(name, [`${name}-2`]));
      await shows(scope, one, name, [`1.0.0 ${name}-1 127.0.0.1:1000`, `1.0.0 ${name}-2 127.0.0.1:1000`]);
    },
  },
  {
    name: 'takes a node that is seen twice for one, and believes the later',
    async run(scope) {
      const registry = await scope.create();
      const name = scope.unique();
      await register(scope, registry, record(name, [], { nodes: [node('twice', '127.0.0.1:1')] }));
      await shows(scope, registry, name, ['1.0.0 twice 127.0.0.1:1']);
      await register(scope, registry, record(name, [], { nodes: [node('twice', '127.0.0.1:2')] }));
      await shows(scope, registry, name, ['1.0.0 twice 127.0.0.1:2']);
      await register(
        scope,
        registry,
        record(name, [], { version: '2.0.0', nodes: [node('twice', '127.0.0.1:2')] }),
      );
      await shows(scope, registry, name, ['2.0.0 twice 127.0.0.1:2']);
    },
  },
  {
    name: 'takes out the nodes that are deregistered, and no others',
    async run(scope) {
      const [server, client] = [await scope.create(), await scope.create()];
      const name = scope.unique();
      const gone = record(name, [`${name}-1`]);
      await register(scope, server, gone);
      await register(scope, server, record(name, [`${name}-2`]));
      await server.deregister(gone);
      await shows(scope, client, name, [`1.0.0 ${name}-2 127.0.0.1:1000`]);
      await server.deregister(gone); // not there is no error
      await server.deregister(record(scope.unique(), ['never-there']));
      await shows(scope, client, name, [`1.0.0 ${name}-2 127.0.0.1:1000`]);
    },
  },
  {
    name: 'a service whose last node has left is not listed any more',
    async run(scope) {
      const registry = await scope.create();
      const name = scope.unique();
      await register(scope, registry, record(name, ['only']));
      await shows(scope, registry, name, ['1.0.0 only 127.0.0.1:1000']);
      await registry.deregister(record(name, ['only']));
      const timeoutMs = patience(scope, registry);
      await eventually(async () => !(await registry.listServices()).includes(name), { timeoutMs });
      assert.deepEqual(await registry.getService(name), []);
    },
  },
  ...oddNames.map(
    (odd): RegistryCase => ({
      name: `spells any name for its backend: ${odd.length > 40 ? `${odd.length} characters` : odd}`,
      async run(scope) {
        const [server, client] = [await scope.create(), await scope.create()];
        // long names have no room for more, and the others must not lose their oddness to a suffix
        await register(scope, server, record(odd, [odd], { version: odd }));
        await shows(scope, client, odd, [`${odd} ${odd} 127.0.0.1:1000`]);
        assert.ok((await client.listServices()).includes(odd), 'it is not listed under its own name');
        const [found] = await client.getService(odd);
        assert.equal(found?.name, odd);
      },
    }),
  ),
  {
    name: 'refuses a service without a name',
    async run({ create }) {
      const registry = await create();
      await rejects(registry.register(record('', ['a']), { ttlMs: longTtlMs }), 'bad_request');
    },
  },
  {
    name: 'gives results that nobody can change',
    async run(scope) {
      const registry = await scope.create();
      const name = scope.unique();
      await register(scope, registry, record(name, ['a'], full));
      await shows(scope, registry, name, ['1.0.0 a 127.0.0.1:1000']);
      assertFrozen(await registry.getService(name), 'getService()');
    },
  },
  {
    name: 'does not see what is done to a record after it was registered',
    async run(scope) {
      const registry = await scope.create();
      const name = scope.unique();
      const metadata: Record<string, string> = { state: 'before' };
      const nodes = [node('a', '127.0.0.1:1', metadata)];
      await register(scope, registry, record(name, [], { metadata, nodes }));
      metadata.state = 'after';
      nodes.push(node('b'));
      await shows(scope, registry, name, ['1.0.0 a 127.0.0.1:1']);
      const [found] = await registry.getService(name);
      assert.equal(found?.metadata.state, 'before');
      assert.equal(found?.nodes[0]?.metadata.state, 'before');
    },
  },
  {
    name: 'shows what has changed when a node registers again',
    async run(scope) {
      const registry = await scope.create();
      const name = scope.unique();
      await register(scope, registry, record(name, ['a'], { metadata: { state: 'before' } }));
      await register(scope, registry, record(name, ['a'], { ...full, metadata: { state: 'after' } }));
      await eventually(
        async () => {
          const [found] = await registry.getService(name);
          assert.equal(found?.metadata.state, 'after');
          assert.equal(found?.endpoints.length, 2);
        },
        { timeoutMs: patience(scope, registry) },
      );
    },
  },
];
