import { announcedAddress } from './address.ts';
import { report } from './background.ts';
import type { Subscription } from './broker.ts';
import { describeEndpoint, describeSubscriber } from './describe.ts';
import type { Registration } from './registrar.ts';
import type { ServiceRecord } from './registry.ts';
import { pause } from './retry.ts';
import type { Runtime } from './runtime.ts';
import type { Server } from './server.ts';
import type { ServiceOptions } from './service.ts';
import { type Subscribed, subscribe } from './subscriptions.ts';
import type { Listener } from './transport.ts';

/** What others see of a service: its listener, its subscriptions, its registration; in order, and back again. */
export class Presence {
  /** What is registered. */
  address: string | undefined;
  private readonly runtime: Runtime;
  private readonly server: Server;
  private readonly version: string;
  private readonly options: ServiceOptions;
  private listener: Listener | undefined;
  private subscriptions: Subscription[] = [];
  private consuming: Promise<unknown> | undefined;
  private announcement: Registration | undefined;

  constructor(runtime: Runtime, server: Server, version: string, options: ServiceOptions) {
    this.runtime = runtime;
    this.server = server;
    this.version = version;
    this.options = options;
  }

  /** Listening, subscribed and registered, as far as the last renewal could tell. */
  get active(): boolean {
    return (
      this.listener?.active === true &&
      this.announcement !== undefined &&
      this.runtime.registrar.registered &&
      this.subscriptions.every(({ active }) => active)
    );
  }

  /** Calls can come before the registration tells where to, and events are taken before peers may count on it. */
  async open(subscribed: readonly Subscribed[], signal: AbortSignal): Promise<void> {
    const { runtime, options } = this;
    const { settings } = runtime;
    const address = options.address ?? settings.address;
    this.listener = await runtime.plugin('transport').listen(this.server, { address, signal });
    this.address = options.advertise ?? settings.advertise ?? announcedAddress(this.listener.address);
    for (const one of subscribed) {
      const around = {
        service: runtime.name,
        broker: runtime.plugin('broker'),
        codecs: runtime.plugins.codecs,
        middleware: options.middleware ?? [],
        ambient: options.ambient ?? true,
      };
      this.subscriptions.push(await subscribe(one, around, signal));
    }
    const record = this.record(this.listener, this.address, subscribed);
    this.announcement = await runtime.registrar.announce(record, signal);
  }

  /** Takes no more events, leaves the registry, and waits until callers have learnt it. */
  async leave(hurry: AbortSignal): Promise<void> {
    const { runtime, options } = this;
    this.consuming = Promise.all(this.subscriptions.map((one) => this.stop(one, hurry)));
    if (this.announcement === undefined) return;
    await this.announcement.withdraw(hurry);
    this.announcement = undefined;
    await pause(options.leaveMs ?? runtime.plugin('registry').propagationMs, hurry, true);
  }

  /** Refuses new work so that it goes elsewhere, finishes what is under way, acknowledges events, closes. */
  async close(hurry: AbortSignal): Promise<void> {
    const { listener } = this;
    listener?.drain();
    await this.server.drain(hurry);
    await this.consuming;
    this.listener = undefined;
    this.subscriptions = [];
    await listener?.close({ signal: hurry });
  }

  private async stop(subscription: Subscription, signal: AbortSignal): Promise<void> {
    try {
      await subscription.stop({ signal });
    } catch (error) {
      report('subscription.error', subscription.topic, error);
    }
  }

  /** As a go-micro server registers itself (go-micro v4: server/rpc_server.go). */
  private record(listener: Listener, address: string, subscribed: readonly Subscribed[]): ServiceRecord {
    const { runtime, options, server, version } = this;
    const { name, id, plugins, settings } = runtime;
    const metadata = {
      ...settings.metadata,
      ...options.metadata,
      server: 'mucp',
      protocol: 'mucp',
      transport: plugins.nameOf('transport'),
      broker: plugins.nameOf('broker'),
      registry: plugins.nameOf('registry'),
      ...listener.metadata,
    };
    const handled = [...server.routes.handled.values()].sort((a, b) => (a.name < b.name ? -1 : 1));
    const endpoints = [...handled.map(describeEndpoint), ...subscribed.map(describeSubscriber)];
    return { name, version, metadata: {}, endpoints, nodes: [{ id: `${name}-${id}`, address, metadata }] };
  }
}
