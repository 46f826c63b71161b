import type {} from '@micro/broker-nats';
import type { PluginOptions } from '@micro/core';
import type { BackendName } from '../../scripts/backends/index.mjs';
import type { Family } from './families.ts';
import type { Language } from './lane.ts';

/** What both sides are made of, and which checks say whether they understand each other. */
export interface Stack {
  readonly registry: string;
  readonly transport: string;
  readonly broker: string;
  readonly codec: string;
  readonly families: readonly Family[];
  /** Servers that it needs. */
  readonly backends?: readonly BackendName[];
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
  { ...usual, families: ['discovery', 'calls', 'streams', 'events', 'fleet'] },
  { ...usual, registry: 'etcd', families: ['discovery', 'fleet'], backends: ['etcd'] },
  {
    ...usual,
    broker: 'nats',
    // go-micro knows core NATS alone: members of a JetStream queue would not share with members in Go.
    options: { broker: { nats: { jetstream: false } } },
    families: ['events'],
    backends: ['nats'],
  },
  { ...usual, transport: 'grpc', families: ['calls', 'streams', 'fleet'] },
];
