import '@micro/transport-nats';
import { memoryRegistry, type PluginOptions } from '@micro/core';
import type { Contender } from '../contender.ts';
import { connectMicro, serveMicro } from './micro.ts';
import { placeOf, serveOverNats } from './nats-server.ts';

function plugins(url: string): PluginOptions {
  return { transport: { nats: { address: url } }, broker: 'memory', codec: 'json' };
}

/** @micro over NATS, in go-micro's encoding. */
export const nats: Contender = {
  serve: (work) => serveOverNats((url) => serveMicro(work, { ...plugins(url), registry: 'memory' }, false)),
  async connect(address) {
    const { url, subject } = placeOf(address);
    const registry = memoryRegistry({ network: 'bench-client' });
    const metadata = { transport: 'nats', protocol: 'mucp', 'micro-credit': 'bytes' }; // as the service announces
    const node = { id: 'bench-1', address: subject, metadata };
    const record = { name: 'bench', version: 'latest', metadata: {}, endpoints: [], nodes: [node] };
    await registry.register(record, { ttlMs: 86_400_000 });
    return connectMicro({ ...plugins(url), registry }, false);
  },
};
