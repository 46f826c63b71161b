import { afterEach, beforeEach } from '@jest/globals';
import {
  type BackgroundMessage,
  type EndpointRecord,
  onBackground,
  type Registry,
  type RegistryChange,
  type ServiceRecord,
} from '@micro/core';
import { decode } from 'dns-packet';
import { type MdnsOptions, mdnsRegistry } from '../src/index.ts';
import { ownGroup } from './port.ts';
import { type RawPeer, rawPeer } from './raw-peer.ts';

export const ttlMs = 60_000;
export const goNode = 'greeter-6f1b2c3d-4e5f-4a6b-8c7d-9e0f1a2b3c4d';

// What stands for the test that runs.
let group: MdnsOptions & { readonly port: number };
export let peer: RawPeer;
export let told: BackgroundMessage[] = [];
let registries: Registry[] = [];
let deafen = (): void => {};

/** Every test of the file has a multicast group to itself, with a peer of its own hand in it. */
export function groupForEachTest(): void {
  beforeEach(async () => {
    group = await ownGroup();
    peer = await rawPeer(group.port);
    registries = [];
    told = [];
    deafen = onBackground((message) => told.push(message));
  });

  afterEach(async () => {
    deafen();
    await Promise.all(registries.map((registry) => registry.close()));
    await peer.close();
  });
}

export function registry(options: MdnsOptions = {}): Registry {
  const made = mdnsRegistry({ ...group, ...options });
  registries.push(made);
  return made;
}

export function record(
  name: string,
  nodes: readonly (readonly [id: string, address: string])[],
  endpoints: readonly EndpointRecord[] = [],
): ServiceRecord {
  const made = nodes.map(([id, address]) => ({ id, address, metadata: { protocol: 'mucp' } }));
  return { name, version: '1', metadata: {}, endpoints, nodes: made };
}

export function follow(
  registry: Registry,
  name: string | undefined,
): { readonly changes: RegistryChange[]; stop(): Promise<void> } {
  const controller = new AbortController();
  const changes: RegistryChange[] = [];
  const watching = registry.watch(name, (change) => changes.push(change), controller);
  const stop = async (): Promise<void> => {
    controller.abort();
    await watching;
  };
  return { changes, stop };
}

export const announcements = (): number =>
  peer.heard.filter((bytes) => decode(bytes).type === 'response').length;
export const questions = (name: string): number =>
  peer.heard.filter((bytes) => decode(bytes).questions?.[0]?.name === name).length;
