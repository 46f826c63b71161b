import type { Contender } from './contender.ts';

/** Every contender, by name; loaded in its own process only, so that none pays for another's imports. */
const contenders: Readonly<Record<string, () => Promise<Contender>>> = {
  http: async () => (await import('./contenders/http.ts')).http,
  grpc: async () => (await import('./contenders/grpc.ts')).grpc,
  'grpc-stream': async () => (await import('./contenders/grpc-stream.ts')).grpcStream,
  'grpc-js': async () => (await import('./contenders/grpc-js.ts')).grpcJs,
  'grpc-js-stream': async () => (await import('./contenders/grpc-js.ts')).grpcJsStream,
  tcp: async () => (await import('./contenders/tcp.ts')).tcp,
  'tcp-ambient': async () => (await import('./contenders/tcp.ts')).tcpAmbient,
  'http-frames': async () => (await import('./contenders/http-frames.ts')).httpFrames,
  'tcp-stream': async () => (await import('./contenders/tcp-stream.ts')).tcpStream,
  'limit-tick': async () => (await import('./contenders/limit-tick.ts')).limitTick,
  'moleculer-tcp': async () => (await import('./contenders/moleculer-tcp.ts')).moleculerTcp,
  'undici-pool': async () => (await import('./contenders/undici-pool.ts')).undiciPool,
  nats: async () => (await import('./contenders/nats.ts')).nats,
  'nats-request': async () => (await import('./contenders/nats-request.ts')).natsRequest,
  'events-nats': async () => (await import('./contenders/events-nats.ts')).eventsNats,
  'events-nats-bare': async () => (await import('./contenders/events-nats.ts')).eventsNatsBare,
  'events-plain': async () => (await import('./contenders/events-nats.ts')).eventsPlain,
  'events-plain-bare': async () => (await import('./contenders/events-nats.ts')).eventsPlainBare,
  'events-rabbitmq': async () => (await import('./contenders/events-rabbitmq.ts')).eventsRabbitmq,
  'events-rabbitmq-bare': async () => (await import('./contenders/events-rabbitmq.ts')).eventsRabbitmqBare,
  'events-kafka': async () => (await import('./contenders/events-kafka.ts')).eventsKafka,
  'events-kafka-bare': async () => (await import('./contenders/events-kafka.ts')).eventsKafkaBare,
  moleculer: async () => (await import('./contenders/moleculer.ts')).moleculer,
  memory: async () => (await import('./contenders/memory.ts')).memory,
  'memory-ambient': async () => (await import('./contenders/memory.ts')).memoryAmbient,
  'lookup-thousand': async () => (await import('./contenders/lookup.ts')).lookupThousand,
  'lookup-ten': async () => (await import('./contenders/lookup.ts')).lookupTen,
  'lookup-one': async () => (await import('./contenders/lookup.ts')).lookupOne,
  'cold-net': async () => (await import('./contenders/cold.ts')).coldNet,
  'cold-http': async () => (await import('./contenders/cold.ts')).coldHttp,
  'cold-tcp': async () => (await import('./contenders/cold.ts')).coldTcp,
  'idle-tcp': async () => (await import('./contenders/idle-tcp.ts')).idleTcp,
  'idle-node': async () => (await import('./contenders/idle-node.ts')).idleNode,
  'idle-http': async () => (await import('./contenders/idle.ts')).idleHttp,
  'null-core': async () => (await import('./contenders/null-core.ts')).nullCore,
  'null-core-ambient': async () => (await import('./contenders/null-core.ts')).nullCoreAmbient,
  'null-bare': async () => (await import('./contenders/null-bare.ts')).nullBare,
  'null-bare-values': async () => (await import('./contenders/null-bare.ts')).nullBareValues,
};

/** Throws for a name that nobody has. */
export function contenderOf(name: string): Promise<Contender> {
  const make = contenders[name];
  if (make === undefined)
    throw new Error(`no contender "${name}" (have: ${Object.keys(contenders).join(', ')})`);
  return make();
}
