import '@micro/transport-http';
import { memoryRegistry, type PluginOptions } from '@micro/core';
import type { Contender } from '../contender.ts';
import { connectMicro, serveMicro } from './micro.ts';

// As many as the undici pool has
const plugins: PluginOptions = {
  transport: { http: { maxConnections: 64, frames: false } },
  broker: 'memory',
  codec: 'json',
};

/** @micro over its HTTP/1.1 transport, with go-micro's headers. Neither side makes calls inside handlers. */
export const http: Contender = {
  serve: (work) => serveMicro(work, { ...plugins, registry: 'memory' }, false, '127.0.0.1:0'),
  async connect(address) {
    const registry = memoryRegistry({ network: 'bench-client' });
    const metadata = { transport: 'http', protocol: 'http' };
    const node = { id: 'bench-1', address, metadata };
    const record = { name: 'bench', version: 'latest', metadata: {}, endpoints: [], nodes: [node] };
    await registry.register(record, { ttlMs: 86_400_000 });
    return connectMicro({ ...plugins, registry }, false);
  },
};
