import type {} from '@micro/broker-kafka';
import type {} from '@micro/broker-nats';
import type {} from '@micro/broker-rabbitmq';
import type { PluginOptions } from '@micro/core';
import type {} from '@micro/registry-nats';
import type { BackendName, BackendOptions } from '../../scripts/backends/index.mjs';
import type { Family } from './families.ts';
import type { Language } from './lane.ts';
import { ttlSeconds } from './ttl.ts';

/** What both sides are made of, and which checks say whether they understand each other. */
export interface Stack {
  readonly registry: string;
  readonly transport: string;
  readonly broker: string;
  readonly codec: string;
  readonly families: readonly Family[];
  /** Everybody shows a certificate of one authority, and asks for it. */
  readonly tls?: boolean;
  /** Go's peers have go-micro's gRPC transport, and not its gRPC client and server. */
  readonly mucp?: boolean;
  /** Servers that it needs. */
  readonly backends?: readonly BackendName[];
  /** How they are started. */
  readonly servers?: BackendOptions;
  /** Majors of go-micro that have it. @default all */
  readonly majors?: readonly string[];
  /** Plugins' options for our peer, by kind and name. */
  readonly options?: PluginOptions;
  /** More that a peer must be told, by environment variables. */
  readonly env?: (language: Language, version: string) => Readonly<Record<string, string>>;
}

const usual = { registry: 'mdns', transport: 'http', broker: 'http', codec: 'json' } as const;

/** Every family once with what go-micro takes by default; then what each other plugin changes. */
export const stacks: readonly Stack[] = [
  { ...usual, families: ['discovery', 'calls', 'messages', 'streams', 'events', 'fleet'] },
  { ...usual, codec: 'protobuf', families: ['messages'] },
  { ...usual, registry: 'etcd', families: ['discovery', 'fleet'], backends: ['etcd'] },
  { ...usual, registry: 'consul', families: ['discovery'], backends: ['consul'] },
  {
    ...usual,
    broker: 'nats',
    // go-micro knows core NATS alone: members of a JetStream queue would not share with members in Go.
    options: { broker: { nats: { jetstream: false } } },
    families: ['events'],
    backends: ['nats'],
  },
  {
    ...usual,
    broker: 'rabbitmq',
    options: { broker: { rabbitmq: { goQueues: true } } },
    families: ['events'],
    backends: ['rabbitmq'],
  },
  {
    ...usual,
    broker: 'kafka',
    options: { broker: { kafka: { goQueues: true } } },
    // Go's members let the server make their topics, and a topic with one partition is shared by nobody
    servers: { config: ['num.partitions=4'] },
    majors: ['v4'],
    families: ['events'],
    backends: ['kafka'],
  },
  {
    ...usual,
    registry: 'nats',
    // Go's nodes do not say how long they live without renewal
    options: { registry: { nats: { foreignTtlMs: ttlSeconds * 1_000 } } },
    families: ['discovery'],
    backends: ['nats'],
  },
  {
    ...usual,
    registry: 'etcd',
    transport: 'nats',
    // A NATS address is a subject; for Go any other address but `:0` is the literal name of one
    env: () => ({ MICRO_SERVER_ADDRESS: ':0' }),
    majors: ['v5'],
    families: ['calls', 'streams'],
    backends: ['etcd', 'nats'],
  },
  { ...usual, transport: 'grpc', families: ['calls', 'messages', 'streams', 'fleet'] },
  { ...usual, transport: 'grpc', codec: 'protobuf', families: ['messages'] },
  { ...usual, transport: 'grpc', mucp: true, families: ['calls', 'messages', 'streams', 'fleet'] },
  { ...usual, transport: 'grpc', mucp: true, codec: 'protobuf', families: ['messages'] },
  { ...usual, tls: true, families: ['messages', 'streams'] },
  { ...usual, transport: 'grpc', tls: true, families: ['messages', 'streams'] },
];
