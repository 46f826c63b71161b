import type { RemoteInfo } from 'node:dgram';
import {
  isMicroError,
  MicroError,
  type Registry,
  type RegistryFeature,
  report,
  type ServiceRecord,
} from '@micro/core';
import { abortable, checkSignal } from '@micro/core/plugin';
import { nodeCache } from './cache.ts';
import { newCatalog } from './catalog.ts';
import { newInterests } from './interests.ts';
import { listService, serviceName } from './names.ts';
import { type MdnsOptions, settingsOf } from './options.ts';
import { decodeMessage } from './packet.ts';
import { newPublisher } from './publisher.ts';
import { newAsker } from './query.ts';
import { closedError, type Group, openGroup } from './socket.ts';
import { newWatches } from './watches.ts';

const features: ReadonlySet<RegistryFeature> = new Set<RegistryFeature>(['ttl', 'watch-all', 'lan']);
// A few ms on a wire; an access point holds multicast back for up to three beacons of 102.4 ms.
const propagationMs = 300;

/**
 * Discovery by multicast DNS as go-micro does it by default: no server, this network only. Opens its sockets
 * at the first use; they keep the process alive only while something is registered, watched or looked up.
 * Throws `bad_request` for options that make no sense.
 */
export function mdnsRegistry(options?: MdnsOptions): Registry {
  const settings = settingsOf(options);
  const { domain, queryMs, refreshMs } = settings;
  const listName = `${listService}.${domain}`;
  // What a message must contain to be about us: other daemons' talk is not even decoded.
  const domainBytes = Buffer.concat([...domain.split('.').map(labelBytes), Buffer.alloc(1)]);
  const interests = newInterests(domain);
  const catalog = newCatalog(domain);
  let group: Group | undefined;
  let opening: Promise<Group> | undefined;
  let closing: Promise<void> | undefined;
  let warned = false;

  const cache = nodeCache({
    domain,
    missSpacingMs: refreshMs / 8,
    wanted: interests.has,
    changed: (change) => watches.tell(change),
  });
  const publisher = newPublisher(domain, send);
  const watches = newWatches({ refreshMs, list: cache.records, look, interest });
  const asker = newAsker({ send, queryMs });

  function open(): Promise<Group> {
    if (closing !== undefined) return Promise.reject(closedError());
    opening ??= openGroup(settings, receive).then(
      (opened) => {
        group = opened;
        hold();
        return opened;
      },
      (error: unknown) => {
        opening = undefined;
        throw error;
      },
    );
    return opening;
  }

  /** Every message to the group goes this way: the first that fails is reported, and the first after one that did not. */
  async function send(bytes: Buffer): Promise<void> {
    try {
      await (await open()).send(bytes);
      warned = false;
    } catch (error) {
      if (!warned && closing === undefined && isMicroError(error, 'unavailable')) {
        warned = true;
        report('plugin.warning', error.message, error);
      }
      throw error;
    }
  }

  function hold(): void {
    group?.hold(watches.size > 0 || publisher.size > 0);
  }

  function receive(bytes: Buffer, from: RemoteInfo): void {
    if (!bytes.includes(domainBytes)) return;
    try {
      const { asked, answer, sightings } = decodeMessage(bytes);
      for (const name of new Set(asked))
        for (const reply of publisher.answers(name)) group?.reply(reply, from);
      for (const sighting of sightings) {
        if (sighting.instance.endsWith(`.${listName}`)) catalog.hear(sighting.instance, sighting.text);
        else if (interests.covers(sighting.instance)) cache.hear(sighting, answer);
      }
    } catch (error) {
      report('transport.protocol_error', `registry mdns: a message from ${from.address}`, error);
    }
  }

  function interest(name: string | undefined, wanted: boolean): void {
    if (wanted) interests.add(name);
    else interests.drop(name);
    if (!wanted) cache.forget((service) => !interests.has(service));
    hold();
  }

  /** Asks for a service's nodes, or for all; afterwards the cache has them. True while some are suspected dead. */
  async function look(name: string | undefined): Promise<boolean> {
    if (name === undefined) {
      const names = await listNames();
      const suspects = await Promise.all([...new Set([...names, ...cache.services()])].map(look));
      return suspects.includes(true);
    }
    const since = await asker.ask(serviceName(name, domain), () => cache.heard(name));
    return cache.missed(name, since);
  }

  async function listNames(): Promise<readonly string[]> {
    const since = await asker.ask(listName, () => {
      const newest = catalog.newest();
      return newest === undefined ? undefined : { oldest: newest, newest };
    });
    return catalog.names(since);
  }

  function check(name: string | undefined, signal: AbortSignal | undefined): void {
    if (closing !== undefined) throw closedError();
    checkSignal(signal);
    if (name === '') throw new MicroError('bad_request', 'registry mdns: a service needs a name');
  }

  async function lookup(name: string): Promise<readonly ServiceRecord[]> {
    interests.add(name);
    try {
      await look(name);
      return cache.records(name);
    } finally {
      interest(name, false);
    }
  }

  async function shut(): Promise<void> {
    watches.close();
    publisher.close();
    asker.close(closedError());
    // An opening that failed has freed its sockets itself.
    const opened = await opening?.catch(() => undefined);
    await opened?.close();
  }

  return {
    name: 'mdns',
    features,
    propagationMs,
    async register(record, { ttlMs, signal }) {
      check(record.name, signal);
      const published = publisher.publish(record, ttlMs, signal);
      hold();
      await published.finally(hold);
    },
    async deregister(record, { signal } = {}) {
      check(record.name, signal);
      const gone = record.nodes.map((node) => publisher.withdraw(record.name, node.id));
      hold();
      await abortable(Promise.all(gone), signal);
    },
    async getService(name, { signal } = {}) {
      check(name, signal);
      return abortable(lookup(name), signal);
    },
    async listServices({ signal } = {}) {
      check(undefined, signal);
      return abortable(listNames(), signal);
    },
    async watch(name, changed, { signal }) {
      if (signal.aborted) return;
      check(name, undefined);
      await watches.watch(name, changed, signal);
    },
    close() {
      closing ??= shut();
      return closing;
    },
  };
}

function labelBytes(label: string): Buffer {
  return Buffer.concat([Buffer.from([label.length]), Buffer.from(label)]);
}
