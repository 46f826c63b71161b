import { AsyncLocalStorage } from 'node:async_hooks';
import { memoryRegistry, type PluginOptions } from '@micro/core';
import type { Contender } from '../contender.ts';
import { connectMicro, serveMicro } from './micro.ts';

/** @micro over a transport that speaks frames with nodes of ours. `ambient`: both sides have contexts entered. */
export function over(transport: Pick<PluginOptions, 'transport'>, ambient: boolean): Contender {
  const plugins: PluginOptions = { ...transport, broker: 'memory', codec: 'json' };
  return {
    serve: (work) => serveMicro(work, { ...plugins, registry: 'memory' }, ambient, '127.0.0.1:0', ambient),
    async connect(address) {
      // from here on every promise of the process pays for contexts (Node 20), as in a service that calls others
      if (ambient) new AsyncLocalStorage().run({}, () => undefined);
      const registry = memoryRegistry({ network: 'bench-client' });
      const metadata = { frames: '1' };
      const node = { id: 'bench-1', address, metadata };
      const record = { name: 'bench', version: 'latest', metadata: {}, endpoints: [], nodes: [node] };
      await registry.register(record, { ttlMs: 86_400_000 });
      return connectMicro({ ...plugins, registry }, ambient);
    },
  };
}
