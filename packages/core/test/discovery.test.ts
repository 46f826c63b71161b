import { getEventListeners } from 'node:events';
import { describe, expect, test } from '@jest/globals';
import { eventually } from '@micro/conformance';
import { CoreClient } from '../src/client.ts';
import { Directory } from '../src/directory.ts';
import {
  contract,
  type Host,
  type NodeFilter,
  onBackground,
  type RegistryChange,
  rpc,
  type ServiceRecord,
  type,
} from '../src/index.ts';
import { leastPending } from '../src/selectors.ts';
import { client, deferred, later } from './fleet.ts';
import { record, type ScriptedRegistry, scriptedRegistry } from './scripted-registry.ts';
import { type ScriptedTransport, scriptedTransport } from './scripted-transport.ts';

const Store = contract('store', 'Store', { get: rpc({ request: type<string>(), response: type<string>() }) });

/** A fleet whose nodes answer with their address. */
function world(registry: ScriptedRegistry) {
  const transport: ScriptedTransport = scriptedTransport((call, { address }) => call.done(address));
  const made = client({ transport, registry });
  const { get } = made.of(Store);
  return { transport, client: made, get };
}
async function addresses(get: (request: string) => Promise<string>): Promise<Set<string>> {
  return new Set(await Promise.all(Array.from({ length: 100 }, () => get('x'))));
}

describe('discovery', () => {
  test('one watch a service, whoever calls it and however many at once', async () => {
    const registry = scriptedRegistry(() => [record('store', ['a'])]);
    const { get, client } = world(registry);
    await Promise.all(Array.from({ length: 100 }, () => get('x')));
    await client.call('store', 'Store.Get', 'x');
    expect(registry.begun).toBe(1);
  });

  test('nodes come, change and go by what the watch tells', async () => {
    const registry = scriptedRegistry(() => [record('store', ['a'])]);
    const { get } = world(registry);
    expect(await get('x')).toBe('a:1');
    registry.tell({ type: 'put', service: record('store', ['b'], '2') });
    expect(await addresses(get)).toEqual(new Set(['a:1', 'b:1']));
    registry.tell({ type: 'remove', name: 'store', ids: ['a'] });
    expect(await addresses(get)).toEqual(new Set(['b:1']));
    registry.tell({ type: 'put', service: record('other', ['c']) });
    registry.tell({ type: 'remove', name: 'other', ids: ['b'] });
    expect(await addresses(get)).toEqual(new Set(['b:1']));
    registry.tell({ type: 'list', name: 'store', services: [record('store', ['d'])] });
    expect(await addresses(get)).toEqual(new Set(['d:1']));
    registry.tell({
      type: 'list',
      name: undefined,
      services: [record('other', ['e']), record('store', ['f'])],
    });
    expect(await addresses(get)).toEqual(new Set(['f:1']));
  });

  test('a node that comes back with another address is another node', async () => {
    const registry = scriptedRegistry(() => [record('store', ['a'])]);
    const { get, transport } = world(registry);
    await get('x');
    const node = { id: 'a', address: 'moved:1', metadata: {} };
    registry.tell({ type: 'put', service: record('store', [node]) });
    expect(await addresses(get)).toEqual(new Set(['moved:1']));
    expect(transport.to('a:1').closed).toBe(1);
  });

  test('a node whose labels change is seen with the new ones', async () => {
    const labelled = (zone: string): ServiceRecord =>
      record('store', [{ id: 'a', address: 'a:1', metadata: { zone } }]);
    const registry = scriptedRegistry(() => [labelled('one')]);
    const { get, transport, client } = world(registry);
    const inTwo: NodeFilter = ({ metadata }) => metadata.zone === 'two';
    await get('x');
    registry.tell({ type: 'put', service: labelled('one') });
    await get('x');
    expect(transport.dialled).toHaveLength(1); // nothing has changed
    registry.tell({ type: 'put', service: labelled('two') });
    await expect(client.of(Store).get('x', { filter: inTwo, retries: 0 })).resolves.toBe('a:1');
  });

  test('a node that was upgraded in its place is seen in its new version', async () => {
    const at = (version: string): ServiceRecord => record('store', ['a'], version);
    const registry = scriptedRegistry(() => [at('1')]);
    const { get, client } = world(registry);
    const newer: NodeFilter = ({ version }) => version === '2';
    await get('x');
    registry.tell({ type: 'put', service: at('2') });
    await expect(client.of(Store).get('x', { filter: newer, retries: 0 })).resolves.toBe('a:1');
  });

  test('calls under way on a node that is removed finish', async () => {
    const registry = scriptedRegistry(() => [record('store', ['a'])]);
    const { transport, client } = world(registry);
    const closing = deferred();
    transport.script.closing = closing.promise;
    transport.script.answer = () => undefined;
    const reply = client.of(Store).get('x');
    await eventually(() => transport.to('a:1').requests.length === 1);
    registry.tell({ type: 'remove', name: 'store', ids: ['a'] });
    expect(transport.to('a:1')).toMatchObject({ closed: 1, destroyed: 0 });
    transport.to('a:1').requests[0]?.done('still here');
    await expect(reply).resolves.toBe('still here');
    closing.resolve();
  });

  test('when the watch is lost the nodes stay, and the list after its return counts', async () => {
    let names = ['a'];
    let down = false;
    const registry = scriptedRegistry(() => {
      if (down) throw new Error('registry down');
      return [record('store', names)];
    });
    const { get } = world(registry);
    const events: string[] = [];
    const stop = onBackground(({ event, subject }) => {
      if (event.startsWith('registry.')) events.push(`${event} ${subject}`);
    });
    later(async () => stop());
    await get('x');
    down = true;
    registry.lose(new Error('lost'));
    await eventually(() => registry.begun > 3);
    expect(await get('x')).toBe('a:1');
    down = false;
    names = ['b', 'c'];
    await eventually(() => registry.watches.size === 1);
    expect(await addresses(get)).toEqual(new Set(['b:1', 'c:1']));
    expect(events[0]).toBe('registry.watch_lost store');
    expect(events.at(-1)).toBe('registry.watch_restored store');
  });

  test('calls wait for a registry that answers late', async () => {
    const told = deferred<(change: RegistryChange) => void>();
    const registry = scriptedRegistry(() => [], {
      watch: (_, changed, { signal }) => {
        told.resolve(changed);
        return new Promise((resolve) => signal.addEventListener('abort', () => resolve()));
      },
    });
    const { get } = world(registry);
    const replies = [get('x'), get('y')];
    const changed = await told.promise;
    changed({ type: 'list', name: 'store', services: [record('store', ['a'])] });
    await expect(Promise.all(replies)).resolves.toEqual(['a:1', 'a:1']);
  });

  test('a call that waits for the registry ends by its deadline, its signal, or the close', async () => {
    const registry = scriptedRegistry(() => [], {
      watch: (_, __, { signal }) =>
        new Promise((resolve) => signal.addEventListener('abort', () => resolve())),
    });
    const { client } = world(registry);
    const { get } = client.of(Store);
    await expect(get('x', { timeoutMs: 10 })).rejects.toMatchObject({ code: 'timeout' });
    await expect(get('x', { signal: AbortSignal.timeout(10) })).rejects.toMatchObject({ code: 'canceled' });
    const forEver = get('x', { timeoutMs: 0 });
    forEver.catch(() => undefined);
    await client.close();
    await expect(forEver).rejects.toMatchObject({ code: 'unavailable' });
  });

  test.each(['rejects', 'throws'] as const)('a registry that %s is told, and asked again', async (how) => {
    let down = true;
    const registry = scriptedRegistry(() => [record('store', ['a'])], {});
    const { watch } = registry;
    registry.watch = (...args) => {
      if (!down) return watch(...args);
      if (how === 'throws') throw new Error('no quorum');
      return Promise.reject(new Error('no quorum'));
    };
    const { get } = world(registry);
    await expect(get('x')).rejects.toMatchObject({
      code: 'unavailable',
      message: 'the registry cannot be asked for service "store": Error: no quorum',
    });
    down = false;
    await eventually(async () => (await get('x')) === 'a:1');
  });

  test('a service that nobody offers is told after the attempts, and found once it is there', async () => {
    const registry = scriptedRegistry();
    const { get, client } = world(registry);
    await expect(client.of(Store).get('x', { retries: 0 })).rejects.toMatchObject({
      code: 'not_found',
      id: 'go.micro.client',
      message: 'service "store" not found: no node is registered',
    });
    const reply = get('x');
    registry.tell({ type: 'put', service: record('store', ['a']) });
    await expect(reply).resolves.toBe('a:1');
  });

  test('a plugin that cannot be made is told as it is, at once', async () => {
    const broken = client({ env: { MICRO_REGISTRY: 'nope' } });
    await expect(broken.call('store', 'Store.Get', 'x')).rejects.toMatchObject({
      code: 'not_found',
      message: expect.stringContaining('no registry "nope" (have: memory)'),
    });
    const transport = client({ env: { MICRO_TRANSPORT: 'nope' } });
    await expect(transport.call('store', 'Store.Get', 'x')).rejects.toMatchObject({ code: 'not_found' });
  });

  test('services that nobody calls any more are forgotten, and watched again when somebody does', async () => {
    const registry = scriptedRegistry(() => [record('store', ['a'])]);
    const transport = scriptedTransport((call, { address }) => call.done(address));
    const directory = new Directory(
      { registry: () => registry, selector: leastPending, transport: () => transport, from: undefined },
      2,
    );
    later(() => directory.close());
    const first = directory.service('store');
    expect(directory.service('store')).toBe(first);
    await eventually(() => first.closed);
    expect(registry.watches.size).toBe(0);
    expect(directory.service('store')).not.toBe(first);
    await eventually(() => registry.watches.size === 1);
  });
});

describe('Host.discover', () => {
  const discoverer = (registry: ScriptedRegistry): Pick<Host, 'discover'> => {
    const transport = scriptedTransport(() => undefined);
    const made = client({ transport, registry });
    if (!(made instanceof CoreClient)) throw new Error('another client');
    return made;
  };

  test('gives the frozen snapshot, and listens on no signal afterwards', async () => {
    const registry = scriptedRegistry(() => [record('store', ['a'])]);
    const host = discoverer(registry);
    const controller = new AbortController();
    const records = await host.discover('store', { signal: controller.signal });
    expect(records).toEqual([record('store', ['a'])]);
    expect(Object.isFrozen(records)).toBe(true);
    expect(getEventListeners(controller.signal, 'abort')).toEqual([]);
    expect(await host.discover('store', {})).toBe(records);
  });

  test('rejects when the signal aborts or has aborted, or the registry cannot be asked', async () => {
    const silent = scriptedRegistry(() => [], {
      watch: (_, __, { signal }) =>
        new Promise((resolve) => signal.addEventListener('abort', () => resolve())),
    });
    const host = discoverer(silent);
    for (const signal of [AbortSignal.abort(), AbortSignal.timeout(5)])
      await expect(host.discover('store', { signal })).rejects.toMatchObject({
        code: expect.stringMatching(/canceled|timeout/),
      });
    const broken = scriptedRegistry(() => {
      throw new Error('down');
    });
    await expect(discoverer(broken).discover('store', {})).rejects.toMatchObject({ code: 'unavailable' });
  });
});
