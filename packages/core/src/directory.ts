import { once } from 'node:events';
import { report } from './background.ts';
import { CalledService, type Watch } from './called-service.ts';
import { MicroError } from './errors.ts';
import { noMetadata } from './metadata.ts';
import type { Dial } from './nodes.ts';
import type { Registry } from './registry.ts';
import type { Selector } from './selector.ts';
import type { Transport } from './transport.ts';

/** The plugins a client uses, each made when it is first needed. */
export interface ClientPlugins {
  readonly registry: () => Registry;
  readonly selector: () => Selector;
  readonly transport: () => Transport;
  /** What peers are told of the caller. */
  readonly from: string | undefined;
}

const sweepMs = 60_000;
const unusedSweeps = 10;

/** The services a client calls, each watched from its first call until nobody has called it for ten minutes. */
export class Directory {
  private readonly services = new Map<string, { readonly service: CalledService; unused: number }>();
  private readonly plugins: ClientPlugins;
  private readonly everyMs: number;
  private sweeper: NodeJS.Timeout | undefined;
  private closed = false;

  /** `everyMs`: time between looking for services that nobody calls. */
  constructor(plugins: ClientPlugins, everyMs: number = sweepMs) {
    this.plugins = plugins;
    this.everyMs = everyMs;
  }

  /** Throws `unavailable` after close, and what making the plugins throws. */
  service(name: string): CalledService {
    return this.entry(name, name, () => {
      const registry = this.plugins.registry();
      return (changed, signal) => registry.watch(name, changed, { signal });
    });
  }

  /** A service of one node, whose address the caller knows. */
  at(address: string): CalledService {
    return this.entry(`at ${address}`, address, () => (changed, signal) => {
      const nodes = [{ id: address, address, metadata: noMetadata }];
      const record = { name: address, version: '', metadata: noMetadata, endpoints: [], nodes };
      changed({ type: 'list', name: address, services: [record] });
      return signal.aborted ? Promise.resolve() : once(signal, 'abort').then(() => undefined);
    });
  }

  /** Waits for calls under way, until the limit aborts. */
  async close(limit?: AbortSignal): Promise<void> {
    this.closed = true;
    clearInterval(this.sweeper);
    await Promise.all([...this.services.values()].map(({ service }) => service.close(limit)));
    this.services.clear();
  }

  private entry(key: string, name: string, makeWatch: () => Watch): CalledService {
    const known = this.services.get(key);
    if (known !== undefined) return known.service;
    if (this.closed) throw new MicroError('unavailable', 'the client is closed', { id: 'go.micro.client' });
    const { transport, selector, from } = this.plugins;
    const dial: Dial = (address, metadata) => transport().dial(address, { metadata, from });
    const service = new CalledService(name, selector().strategy(name), dial, makeWatch());
    this.services.set(key, { service, unused: 0 });
    this.sweeper ??= setInterval(() => this.sweep(), this.everyMs).unref();
    return service;
  }

  private sweep(): void {
    for (const [key, entry] of this.services) {
      const { service } = entry;
      entry.unused = service.used || service.busy ? 0 : entry.unused + 1;
      service.used = false;
      // A name that nobody offers is forgotten sooner: whoever makes names up must not fill the memory
      if (entry.unused < (service.nodes.all.length === 0 ? 1 : unusedSweeps)) continue;
      this.services.delete(key);
      service.close().catch((error: unknown) => report('registry.watch_lost', key, error));
    }
  }
}
