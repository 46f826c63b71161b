const { MICRO_REGISTRY, MICRO_TRANSPORT, MICRO_BROKER } = process.env;

/** The plugins that this run is made of, by kind. */
export const chosen = {
  registry: MICRO_REGISTRY || 'mdns',
  transport: MICRO_TRANSPORT || 'http',
  broker: MICRO_BROKER || 'http',
} as const;
