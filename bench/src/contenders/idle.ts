import '@micro/registry-mdns';
import '@micro/transport-http';
import type { Contender } from '../contender.ts';
import { serveMicro } from './micro.ts';
import { waiting } from './waiting.ts';

/** A service that waits: found by mDNS, called over HTTP, and nobody calls. */
export const idleHttp: Contender = {
  serve: (work) =>
    serveMicro(work, { registry: 'mdns', transport: 'http', broker: 'memory' }, false, '127.0.0.1:0'),
  connect: async () => waiting,
};
