import { MicroError, type Registry, type RegistryFeature, type ServiceRecord } from '@micro/core';
import { abortable, checkSignal } from '@micro/core/plugin';
import { NatsLink } from '@micro/nats';
import { newBus } from './bus.ts';
import { newCatalog } from './catalog.ts';
import { goneText, type Result, readService } from './messages.ts';
import { newMirror } from './mirror.ts';
import { type NatsRegistryOptions, settingsOf } from './options.ts';
import { newWatches } from './watches.ts';

const features: ReadonlySet<RegistryFeature> = new Set<RegistryFeature>(['ttl', 'watch-all']);

/**
 * go-micro's NATS registry: nothing is stored, whoever has registered answers queries. Both sets of subjects, so that
 * services of all of Go's versions are found, and find us. Connects at the first use. Throws `bad_request` for options
 * that make no sense.
 */
export function natsRegistry(options: NatsRegistryOptions = {}): Registry {
  const settings = settingsOf(options);
  const link = new NatsLink(options, 'micro registry');
  const catalog = newCatalog();
  const watches = newWatches(() => mirror.prune());
  const bus = newBus(link, settings, {
    answers: catalog.answers,
    announced,
    answered: (text) => hear(JSON.parse(text)),
  });
  const mirror = newMirror({
    foreignTtlMs: settings.foreignTtlMs,
    wanted: watches.wanted,
    changed: watches.tell,
    ask: (name) => bus.query(name),
  });
  let listing: Set<string> | undefined;
  let listings = 0;
  let closing: Promise<void> | undefined;
  link.onChange((lost) => {
    if (lost !== undefined) watches.fail(lost);
  });

  function announced({ action, service }: Result): void {
    if (service === undefined) return;
    if (action !== 'delete') hear(service);
    else {
      const { record } = readService(service);
      const ids = record.nodes.map(({ id }) => id);
      catalog.withdraw(record.name, ids); // others may take out what is ours, until we renew it
      mirror.gone(record.name, ids);
    }
  }

  function hear(service: unknown): void {
    const seen = readService(service);
    listing?.add(seen.record.name);
    mirror.hear(seen);
  }

  async function lookup(name: string | undefined): Promise<readonly ServiceRecord[]> {
    await bus.query(name);
    return mirror.records(name);
  }

  async function names(): Promise<readonly string[]> {
    listing ??= new Set();
    listings++;
    try {
      await bus.query(undefined);
      return Object.freeze([...listing].sort());
    } finally {
      if (--listings === 0) listing = undefined;
    }
  }

  function check(name: string | undefined, signal: AbortSignal | undefined): void {
    if (closing !== undefined) throw new MicroError('unavailable', 'registry nats: it is closed');
    checkSignal(signal);
    if (name === '') throw new MicroError('bad_request', 'registry nats: a service needs a name');
  }

  async function shut(): Promise<void> {
    watches.close();
    mirror.close();
    bus.close();
    await link.close();
  }

  return {
    name: 'nats',
    features,
    propagationMs: 2 * settings.queryMs,
    async register(record, { ttlMs, signal }) {
      check(record.name, signal);
      if (!(ttlMs > 0))
        throw new MicroError('bad_request', `registry nats: ttlMs must be above 0, not ${ttlMs}`);
      await abortable(bus.open(true), signal);
      await bus.announce('create', catalog.put(record, ttlMs, bus.limit()));
      checkSignal(signal); // only now can it no longer take effect
    },
    async deregister(record, { signal } = {}) {
      check(record.name, signal);
      catalog.withdraw(
        record.name,
        record.nodes.map(({ id }) => id),
      );
      await bus.announce('delete', [goneText(record)]);
      checkSignal(signal);
    },
    async getService(name, { signal } = {}) {
      check(name, signal);
      return abortable(
        watches.interest(name, () => lookup(name)),
        signal,
      );
    },
    async listServices({ signal } = {}) {
      check(undefined, signal);
      return abortable(names(), signal);
    },
    async watch(name, changed, { signal }) {
      if (signal.aborted) return;
      check(name, undefined);
      await watches.watch(name, changed, signal, () => lookup(name));
    },
    close() {
      closing ??= shut();
      return closing;
    },
  };
}
