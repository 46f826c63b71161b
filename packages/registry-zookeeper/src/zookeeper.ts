import type { Registry, RegistryFeature } from '@micro/core';
import { abortable, checkedRegistry } from '@micro/core/plugin';
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
  const tree = treeOf(session, settings.login !== undefined);
  const registrations = newRegistrations(root, session, tree);
  const lookup = joined((name) => readService(tree, root, name));
  const list = joined(() => readNames(tree, root));

  return checkedRegistry({
    name: 'zookeeper',
    features,
    propagationMs,
    closed: session.closed,
    register: registrations.register,
    deregister: registrations.deregister,
    getService: lookup,
    listServices: () => list(''),
    async watch(name = '', changed, signal) {
      const lost = new AbortController();
      const stopListening = session.onLost((error) => lost.abort(error));
      const either = AbortSignal.any([signal, lost.signal]);
      try {
        const watching = watchFolder(tree, { name, folder: folderOf(root, name), changed, signal: either });
        await abortable(watching, either);
      } finally {
        stopListening();
      }
    },
    close: () => session.close(),
  });
}
