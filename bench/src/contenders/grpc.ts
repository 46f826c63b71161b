import '@micro/transport-grpc';
import { memoryRegistry, type PluginOptions } from '@micro/core';
import type { Contender } from '../contender.ts';
import { connectMicro, serveMicro } from './micro.ts';

const plugins: PluginOptions = { transport: 'grpc', broker: 'memory', codec: 'json' };

/** @micro over its gRPC transport. Neither side makes calls inside handlers. */
export const grpc: Contender = {
  serve: (work) => serveMicro(work, { ...plugins, registry: 'memory' }, false, '127.0.0.1:0'),
  async connect(address) {
    const registry = memoryRegistry({ network: 'bench-client' });
    const node = { id: 'bench-1', address, metadata: {} };
    const record = { name: 'bench', version: 'latest', metadata: {}, endpoints: [], nodes: [node] };
    await registry.register(record, { ttlMs: 86_400_000 });
    return connectMicro({ ...plugins, registry }, false);
  },
};
