import '@micro/registry-mdns';
import '@micro/transport-tcp';
import type { Contender } from '../contender.ts';
import { serveMicro } from './micro.ts';
import { waiting } from './waiting.ts';

/** A service that waits: found by mDNS, called by frames, and nobody calls. */
export const idleTcp: Contender = {
  serve: (work) =>
    serveMicro(work, { registry: 'mdns', transport: 'tcp', broker: 'memory' }, false, '127.0.0.1:0'),
  connect: async () => waiting,
};
