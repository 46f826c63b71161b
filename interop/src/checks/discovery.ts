import assert from 'node:assert/strict';
import { eventually } from '@micro/conformance';
import type { Peer } from '../peer-process.ts';
import type { FoundService } from '../protocol.ts';
import { ttlSeconds } from '../ttl.ts';
import { type Check, pairOf } from './check.ts';

export const discovery: readonly Check[] = [
  {
    name: 'a service is found, with its version, address and node metadata',
    async run(meeting) {
      const { stack } = meeting.lane;
      const { caller, service } = await pairOf(meeting);
      const [found, ...others] = await lookup(caller, service);
      assert.ok(found !== undefined && others.length === 0, 'one version');
      assert.equal(found.name, service);
      assert.equal(found.version, '1.0.0');
      const [node, ...nodes] = found.nodes ?? [];
      assert.ok(node !== undefined && nodes.length === 0, 'one node');
      assert.ok(node.id.startsWith(`${service}-`), node.id);
      assert.match(node.address, /^127\.0\.0\.1:\d+$/);
      const { registry, transport, broker } = stack;
      const expected = { server: 'mucp', protocol: 'mucp', registry, transport, broker, zone: 'eu' };
      for (const [key, value] of Object.entries(expected)) assert.equal(node.metadata?.[key], value, key);
    },
  },
  {
    name: 'its endpoints and the shapes of their messages can be read',
    async run(meeting) {
      const { caller, service } = await pairOf(meeting);
      const [found] = await lookup(caller, service);
      const endpoints = new Map(found?.endpoints?.map((endpoint) => [endpoint.name, endpoint]));
      const request = endpoints.get('Greeter.Hello')?.request;
      assert.deepEqual(
        request?.values?.map(({ name, type, values }) => ({ name, type, values: values ?? [] })),
        [{ name: 'name', type: 'string', values: [] }],
      );
      for (const name of ['Echo.Chat', 'Echo.Count', 'Echo.Sum'])
        assert.equal(endpoints.get(name)?.metadata?.stream, 'true', name);
    },
  },
  {
    name: 'it is in the list of services',
    async run(meeting) {
      const { caller, service } = await pairOf(meeting);
      await eventually(async () => (await caller.ask('list')).includes(service), { timeoutMs: 5_000 });
    },
  },
  {
    name: 'a watcher sees a service start and stop',
    async run({ lane, from, to }) {
      const service = lane.unique('watched');
      const watcher = await watching(await lane.peer(from), service);
      const first = await lane.start(to, { name: service });
      await eventually(() => idsOf(watcher, service).length === 1);
      const second = await lane.start(to, { name: service });
      await eventually(() => idsOf(watcher, service).length === 2);
      await first.stop();
      await eventually(() => idsOf(watcher, service).length === 1);
      await second.stop();
      await eventually(() => idsOf(watcher, service).length === 0);
    },
  },
  {
    name: 'a service that was killed is no longer found once its time is over',
    async run({ lane, from, to }) {
      const service = lane.unique('doomed');
      const caller = await lane.peer(from);
      const doomed = await lane.start(to, { name: service });
      await lookup(caller, service);
      await doomed.kill();
      await eventually(async () => nodesOf(await found(caller, service)) === 0, goneWithin);
    },
  },
  {
    name: 'a watcher is told of a service that was killed',
    async run({ lane, from, to }) {
      const service = lane.unique('doomed');
      const watcher = await watching(await lane.peer(from), service);
      const doomed = await lane.start(to, { name: service });
      await eventually(() => idsOf(watcher, service).length === 1);
      await doomed.kill();
      // Some of Go's watchers never hear of it (exceptions.ts): no need to wait as long as ours take.
      const hopeless = from === 'go' && ['mdns', 'nats'].includes(lane.stack.registry);
      const limit = hopeless ? { timeoutMs: 5_000 } : goneWithin;
      await eventually(() => idsOf(watcher, service).length === 0, limit);
    },
  },
  {
    name: 'two versions are told apart, and calls can be kept to one',
    async run({ lane, from, to }) {
      const service = lane.unique('versions');
      const caller = await lane.peer(from);
      await lane.start(to, { name: service, version: '1.0.0' });
      const second = await lane.start(to, { name: service, version: '2.0.0' });
      const versions = await eventually(async () => {
        const all = (await found(caller, service)).filter(({ nodes }) => nodes?.length === 1);
        return all.length === 2 && all;
      });
      assert.deepEqual(versions.map(({ version }) => version).sort(), ['1.0.0', '2.0.0']);
      const args = { service, version: '2.0.0', times: 20, parallel: 1 };
      const { answered, by } = await caller.ask('greet', args);
      assert.equal(answered, 20);
      assert.deepEqual(Object.keys(by), [second.name]);
    },
  },
];

/** mDNS has no lease: who asks learns it at once, who watches by asking again three times (25 s at most). */
const goneWithin = { timeoutMs: Math.max(ttlSeconds * 3_000, 25_000) };

async function watching(watcher: Peer, service: string): Promise<Peer> {
  await watcher.ask('watch', { service });
  await eventually(() => watcher.nodes.has(service));
  return watcher;
}

const idsOf = (watcher: Peer, service: string): readonly string[] => watcher.nodes.get(service) ?? [];

/** The service, once it is found. */
async function lookup(caller: Peer, service: string): Promise<readonly FoundService[]> {
  return eventually(async () => {
    const services = await found(caller, service);
    return nodesOf(services) > 0 && services;
  });
}

/** go-micro's registries answer an unknown service with an error or with nothing. */
async function found(caller: Peer, service: string): Promise<readonly FoundService[]> {
  try {
    return (await caller.ask('lookup', { service })) ?? [];
  } catch (error) {
    if (String(error).includes('not found')) return [];
    throw error;
  }
}

const nodesOf = (services: readonly FoundService[]): number =>
  services.reduce((sum, { nodes }) => sum + (nodes?.length ?? 0), 0);
