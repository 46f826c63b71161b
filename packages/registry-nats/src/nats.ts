import { MicroError, type Registry, type RegistryFeature, report, type ServiceRecord } from '@micro/core';
import { abortable, checkedRegistry } from '@micro/core/plugin';
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
  const closing = new AbortController();
  let closed: Promise<void> | undefined;
  link.onChange((lost) => {
    if (lost !== undefined) watches.fail(lost);
    else void announceAgain();
  });

  /** While we were away others may have made their lists without us. */
  async function announceAgain(): Promise<void> {
    const services = catalog.answers(undefined, bus.limit());
    if (services.length === 0) return;
    try {
      await bus.announce('create', services);
    } catch (error) {
      report('plugin.warning', 'registry nats: announcing again', error); // lost once more: at the next return
    }
  }

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

  async function shut(): Promise<void> {
    closing.abort(new MicroError('unavailable', 'registry nats: closed'));
    watches.close();
    mirror.close();
    bus.close();
    await link.close();
  }

  return checkedRegistry({
    name: 'nats',
    features,
    propagationMs: 2 * settings.queryMs,
    closed: closing.signal,
    async register(record, ttlMs, signal) {
      await abortable(bus.open(true), signal);
      await bus.announce('create', catalog.put(record, ttlMs, bus.limit()));
    },
    async deregister(record) {
      catalog.withdraw(
        record.name,
        record.nodes.map(({ id }) => id),
      );
      await bus.announce('delete', [goneText(record)]);
    },
    getService: (name) => watches.interest(name, () => lookup(name)),
    listServices: names,
    watch: (name, changed, signal) => watches.watch(name, changed, signal, () => lookup(name)),
    close() {
      closed ??= shut();
      return closed;
    },
  });
}
