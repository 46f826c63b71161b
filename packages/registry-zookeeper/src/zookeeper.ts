import { MicroError, type Registry, type RegistryFeature } from '@micro/core';
import { abortable, checkSignal } from '@micro/core/plugin';
import { closedError } from './errors.ts';
import { joined } from './joined.ts';
import { readNames, readService } from './lookups.ts';
import { settingsOf, type ZookeeperOptions } from './options.ts';
import { folderOf } from './paths.ts';
import { newRegistrations } from './registrations.ts';
import { newSession } from './session.ts';
import { treeOf } from './tree.ts';
import { watchFolder } from './watch.ts';

const features: ReadonlySet<RegistryFeature> = new Set<RegistryFeature>(['ttl']);
// A watch that fires, and the reading that it causes.
const propagationMs = 100;

/**
 * Discovery through ZooKeeper, in go-micro's layout, but with nodes that go with the process: what Go services
 * register is found, and found by them. Connects at the first use. Throws `bad_request` for options that make no sense.
 */
export function zookeeperRegistry(options?: ZookeeperOptions): Registry {
  const settings = settingsOf(options);
  const { root } = settings;
  const session = newSession(settings);
  const tree = treeOf(session);
  const registrations = newRegistrations(root, session, tree);
  const lookup = joined((name) => readService(tree, root, name));
  const list = joined(() => readNames(tree, root));

  function check(name: string | undefined, signal: AbortSignal | undefined): void {
    if (session.closed.aborted) throw closedError();
    checkSignal(signal);
    if (name === '') throw new MicroError('bad_request', 'registry zookeeper: a service needs a name');
  }

  return {
    name: 'zookeeper',
    features,
    propagationMs,
    async register(record, { ttlMs, signal }) {
      check(record.name, signal);
      if (!(ttlMs > 0))
        throw new MicroError('bad_request', `registry zookeeper: ttlMs must be above 0, not ${ttlMs}`);
      await registrations.register(record, ttlMs);
      checkSignal(signal); // only now can it no longer take effect
    },
    async deregister(record, { signal } = {}) {
      check(record.name, signal);
      await registrations.deregister(record);
      checkSignal(signal);
    },
    async getService(name, { signal } = {}) {
      check(name, signal);
      return abortable(lookup(name), signal);
    },
    async listServices({ signal } = {}) {
      check(undefined, signal);
      return abortable(list(''), signal);
    },
    async watch(name, changed, { signal }) {
      if (signal.aborted) return;
      check(name, undefined);
      if (name === undefined)
        throw new MicroError('unimplemented', 'registry zookeeper: ZooKeeper watches one service at a time');
      const ending = new AbortController();
      const end = (): void => ending.abort();
      const stopListening = session.onLost((error) => ending.abort(error));
      const ends = [signal, session.closed];
      for (const one of ends) one.addEventListener('abort', end);
      try {
        const folder = folderOf(root, name);
        await abortable(watchFolder(tree, { name, folder, changed, signal: ending.signal }), ending.signal);
      } catch (error) {
        if (!ends.some((one) => one.aborted)) throw error;
      } finally {
        stopListening();
        for (const one of ends) one.removeEventListener('abort', end);
      }
    },
    close: () => session.close(),
  };
}
