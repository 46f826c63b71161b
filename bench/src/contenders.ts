import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Registry } from '@micro/core';
import type { BackendName } from '../../scripts/backends/index.mjs';
import type { Contender } from './contender.ts';
import type { OursOptions, TransportOf } from './contenders/ours.ts';

/** Every contender, by name; loaded in its own process only, so that none pays for another's imports. */
const contenders: Readonly<Record<string, () => Promise<Contender>>> = {
  'limit-tick': async () => (await import('./contenders/limit-tick.ts')).limitTick,
  'undici-pool': async () => (await import('./contenders/undici-pool.ts')).undiciPool,
  'grpc-js': async () => (await import('./contenders/grpc-js.ts')).grpcJs,
  'nats-request': async () => (await import('./contenders/nats-request.ts')).natsRequest,
  moleculer: async () => (await import('./contenders/moleculer.ts')).moleculer,
  'moleculer-tcp': async () => (await import('./contenders/moleculer-tcp.ts')).moleculerTcp,

  memory: () => over(import('@micro/core'), () => 'memory'),
  'memory-ambient': () => over(import('@micro/core'), () => 'memory', { ambient: true }),
  // plain HTTP, and as many connections as the undici pool has
  http: () => over(import('@micro/transport-http'), () => ({ http: { maxConnections: 64, frames: false } })),
  'http-frames': () => over(import('@micro/transport-http'), () => 'http'),
  tcp: () => over(import('@micro/transport-tcp'), () => 'tcp'),
  'tcp-ambient': () => over(import('@micro/transport-tcp'), () => 'tcp', { ambient: true }),
  'tcp-unix': () =>
    over(import('@micro/transport-tcp'), () => 'tcp', {
      listen: `unix:${join(tmpdir(), `micro-bench-${process.pid}.sock`)}`,
    }),
  // one write a tick, always
  'tcp-uncut': () => over(import('@micro/transport-tcp'), () => ({ tcp: { firstCutBytes: 0 } })),
  grpc: () => over(import('@micro/transport-grpc'), () => 'grpc'),
  nats: () =>
    over(import('@micro/transport-nats'), (address) => ({ nats: { address } }), { backend: 'nats' }),
  rabbitmq: () =>
    over(import('@micro/transport-rabbitmq'), (address) => ({ rabbitmq: { address } }), {
      backend: 'rabbitmq',
    }),

  'grpc-stream': async () => (await import('./contenders/grpc-stream.ts')).grpcStream,
  'grpc-js-stream': async () => (await import('./contenders/grpc-js.ts')).grpcJsStream,
  'events-nats': async () => (await import('./contenders/events-nats.ts')).eventsNats,
  'events-nats-bare': async () => (await import('./contenders/events-nats.ts')).eventsNatsBare,
  'events-plain': async () => (await import('./contenders/events-nats.ts')).eventsPlain,
  'events-plain-bare': async () => (await import('./contenders/events-nats.ts')).eventsPlainBare,
  'events-rabbitmq': async () => (await import('./contenders/events-rabbitmq.ts')).eventsRabbitmq,
  'events-rabbitmq-bare': async () => (await import('./contenders/events-rabbitmq.ts')).eventsRabbitmqBare,
  'events-kafka': async () => (await import('./contenders/events-kafka.ts')).eventsKafka,
  'events-kafka-bare': async () => (await import('./contenders/events-kafka.ts')).eventsKafkaBare,

  'watch-memory': async () => {
    const { memoryRegistry } = await import('@micro/core');
    return watching(() => memoryRegistry());
  },
  'watch-consul': async () => {
    const { consulRegistry } = await import('@micro/registry-consul');
    return watching((address) => consulRegistry({ address }), 'consul');
  },
  'watch-etcd': async () => {
    const { etcdRegistry } = await import('@micro/registry-etcd');
    return watching((address) => etcdRegistry({ address }), 'etcd');
  },
  'watch-zookeeper': async () => {
    const { zookeeperRegistry } = await import('@micro/registry-zookeeper');
    return watching((address) => zookeeperRegistry({ address }), 'zookeeper');
  },
  'watch-nats': async () => {
    const { natsRegistry } = await import('@micro/registry-nats');
    return watching((address) => natsRegistry({ address }), 'nats');
  },

  'lookup-thousand': async () => (await import('./contenders/lookup.ts')).knowing(1_000, 10, 1_000),
  'lookup-ten': async () => (await import('./contenders/lookup.ts')).knowing(1_000, 10, 10),
  'lookup-one': async () => (await import('./contenders/lookup.ts')).knowing(1, 1, 1),
  'nodes-10': async () => (await import('./contenders/lookup.ts')).knowing(1, 10, 1),
  'nodes-100': async () => (await import('./contenders/lookup.ts')).knowing(1, 100, 1),
  'nodes-1000': async () => (await import('./contenders/lookup.ts')).knowing(1, 1_000, 1),
  'limit-nodes-10': () => limitOver(10),
  'limit-nodes-100': () => limitOver(100),
  'limit-nodes-1000': () => limitOver(1_000),
  'tcp-nodes-10': () => over(import('@micro/transport-tcp'), () => 'tcp', { nodes: 10 }),
  'tcp-nodes-100': () => over(import('@micro/transport-tcp'), () => 'tcp', { nodes: 100 }),
  'tcp-nodes-1000': () => over(import('@micro/transport-tcp'), () => 'tcp', { nodes: 1_000 }),
  'tcp-endpoints-10': () => over(import('@micro/transport-tcp'), () => 'tcp', { endpoints: 10 }),
  'tcp-endpoints-100': () => over(import('@micro/transport-tcp'), () => 'tcp', { endpoints: 100 }),
  'tcp-endpoints-1000': () => over(import('@micro/transport-tcp'), () => 'tcp', { endpoints: 1_000 }),
  'tcp-idle-connections': async () => (await import('./contenders/crowd.ts')).beside('connections'),
  'tcp-held-calls': async () => (await import('./contenders/crowd.ts')).beside('held'),
  'tcp-busy-calls': async () => (await import('./contenders/crowd.ts')).beside('busy'),

  'cold-net': async () => (await import('./contenders/cold.ts')).coldNet,
  'cold-http': () => cold('http'),
  'cold-tcp': () => cold('tcp'),
  'idle-node': async () => (await import('./contenders/idle.ts')).idle(),
  'idle-http': async () => (await import('./contenders/idle.ts')).idle('http'),
  'idle-tcp': async () => (await import('./contenders/idle.ts')).idle('tcp'),
  'null-core': async () => (await import('./contenders/null-core.ts')).nullCore,
  'null-core-ambient': async () => (await import('./contenders/null-core.ts')).nullCoreAmbient,
  'null-bare': async () => (await import('./contenders/null-bare.ts')).nullBare,
  'null-bare-values': async () => (await import('./contenders/null-bare.ts')).nullBareValues,
};

/** Client and server are one process, whatever the case has. */
export const inOneProcess: ReadonlySet<string> = new Set(['memory', 'memory-ambient']);

/** Throws for a name that nobody has. */
export function contenderOf(name: string): Promise<Contender> {
  const make = contenders[name];
  if (make === undefined)
    throw new Error(`no contender "${name}" (have: ${Object.keys(contenders).join(', ')})`);
  return make();
}

/** Ours over the transport of a package. */
async function over(
  loaded: Promise<unknown>,
  transport: TransportOf,
  options?: OursOptions,
): Promise<Contender> {
  await loaded;
  return (await import('./contenders/ours.ts')).ours(transport, options);
}

async function limitOver(count: number): Promise<Contender> {
  const [{ limitTick }, { connections }] = await Promise.all([
    import('./contenders/limit-tick.ts'),
    import('./contenders/many.ts'),
  ]);
  return connections(limitTick, count);
}

async function watching(make: (address: string) => Registry, backend?: BackendName): Promise<Contender> {
  return (await import('./contenders/registry-watch.ts')).watching(make, backend);
}

async function cold(transport: 'http' | 'tcp'): Promise<Contender> {
  return (await import('./contenders/cold.ts')).coldOurs(transport, await contenderOf(transport));
}
