import { randomUUID } from 'node:crypto';
import { CoreClient } from './client.ts';
import { PluginSet } from './plugin-set.ts';
import { type Announcement, type Host, type InstanceOf, type Kinds, kindNames } from './plugins.ts';
import { Registrar } from './registrar.ts';
import type { LookupOptions, ServiceRecord } from './registry.ts';
import type { ServiceOptions } from './service.ts';
import { readSettings, type Settings } from './settings.ts';

/** What a service and a bare client have in common: settings, plugins, registrations and a client. */
export class Runtime implements Host {
  readonly name: string;
  readonly id: string;
  readonly settings: Settings;
  readonly plugins: PluginSet;
  readonly registrar: Registrar;
  readonly client: CoreClient;

  /** `onClose`: what closing the client closes besides. */
  constructor(options: ServiceOptions, onClose?: (runtime: Runtime) => Promise<void>) {
    const settings = readSettings(options);
    this.settings = settings;
    this.name = options.name ?? settings.name ?? '';
    this.id = options.id ?? settings.id ?? randomUUID();
    const choices = Object.fromEntries(kindNames().map((kind) => [kind, options[kind]]));
    this.plugins = new PluginSet(this, choices, settings.plugins);
    this.registrar = new Registrar(
      () => this.plugin('registry'),
      options.registerTtlMs ?? settings.registerTtlMs ?? 90_000,
      options.registerIntervalMs ?? settings.registerIntervalMs,
    );
    this.client = new CoreClient({
      registry: () => this.plugin('registry'),
      selector: () => this.plugin('selector'),
      transport: () => this.plugin('transport'),
      codec: () => this.plugin('codec'),
      codecs: () => this.plugins.codecs,
      broker: () => this.plugin('broker'),
      from: this.name === '' ? undefined : this.name,
      timeoutMs: options.timeoutMs ?? settings.timeoutMs ?? 5_000,
      retries: options.retries ?? settings.retries ?? 3,
      middleware: options.clientMiddleware ?? [],
      ambient: options.ambient ?? true,
      onClose: async () => onClose?.(this),
    });
  }

  plugin<K extends keyof Kinds & string>(kind: K): InstanceOf<K> {
    return this.plugins.get(kind);
  }

  announce(record: ServiceRecord): Promise<Announcement> {
    return this.registrar.announce(record);
  }

  discover(name: string, options: LookupOptions = {}): Promise<readonly ServiceRecord[]> {
    return this.client.discover(name, options);
  }

  /** `limit` ends the waiting for calls under way. */
  async close(limit: AbortSignal): Promise<void> {
    await this.client.close(limit);
    await this.plugins.close();
  }
}
