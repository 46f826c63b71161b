const { MICRO_REGISTRY, MICRO_TRANSPORT, MICRO_BROKER } = process.env;
const transport = MICRO_TRANSPORT || 'http';
// mDNS tells IP addresses; where calls go through a server, nodes have others
const registries: Readonly<Record<string, string>> = { nats: 'nats', rabbitmq: 'etcd' };

/** The plugins that this run is made of, by kind. */
export const chosen = {
  registry: MICRO_REGISTRY || (registries[transport] ?? 'mdns'),
  transport,
  broker: MICRO_BROKER || 'http',
} as const;
