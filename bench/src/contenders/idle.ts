import { setTimeout as sleep } from 'node:timers/promises';
import type { Contender } from '../contender.ts';

/** A process that waits. `transport`: it has a service, found by mDNS, that nobody calls; else nothing is loaded. */
export function idle(transport?: 'http' | 'tcp'): Contender {
  return {
    async serve({ handle }) {
      if (transport === undefined) return { address: '', close: async () => undefined };
      const { bench, createService } = await service();
      const one = createService({
        name: 'bench',
        ...{ registry: 'mdns', transport, broker: 'memory', ambient: false, address: '127.0.0.1:0' },
      });
      one.handle(bench, {
        call: handle,
        async *count(request) {
          yield handle(request);
        },
      });
      await one.start();
      return { address: '', close: () => one.stop() };
    },
    connect: async () => ({ call: () => sleep(10), close: async () => undefined }),
  };
}

async function service(): Promise<typeof import('./ours.ts') & typeof import('@micro/core')> {
  await import('@micro/registry-mdns');
  return { ...(await import('./ours.ts')), ...(await import('@micro/core')) };
}
