import { setMaxListeners } from 'node:events';
import { report } from './background.ts';
import type { MicroClient } from './client.ts';
import { ambient, type Context } from './context.ts';
import type { Contract, Handlers, Topic } from './contract.ts';
import { MicroError } from './errors.ts';
import type { InstanceOf, Kinds } from './plugins.ts';
import { Presence } from './presence.ts';
import { longestTimerMs } from './retry.ts';
import { Runtime } from './runtime.ts';
import { Server } from './server.ts';
import type { Hooks, Service, ServiceOptions, ServiceState } from './service.ts';
import { helpText } from './settings.ts';
import { checkSubscriber, type Subscribed, type SubscriberOptions } from './subscriptions.ts';

export class CoreService implements Service {
  readonly version: string;
  state: ServiceState = 'new';
  private readonly options: ServiceOptions;
  private readonly runtime: Runtime;
  private readonly server: Server;
  private readonly subscribed: Subscribed[] = [];
  private readonly presence: Presence;
  private opening: Promise<void> | undefined;
  private stopping: Promise<void> | undefined;
  private readonly leaving = new AbortController();
  private readonly hurry = new AbortController();

  constructor(options: ServiceOptions) {
    this.options = options;
    // Every subscription listens on both, and Node warns of more than ten
    setMaxListeners(0, this.leaving.signal, this.hurry.signal);
    this.runtime = new Runtime(options);
    const { settings, name, plugins } = this.runtime;
    if (name === '' && !settings.help) {
      throw new MicroError(
        'bad_request',
        'a service needs a name: createService({ name }), or MICRO_SERVER_NAME',
      );
    }
    this.version = options.version ?? settings.version ?? 'latest';
    this.server = new Server({
      name,
      maxInFlight: options.maxInFlight ?? 100_000,
      middleware: options.middleware ?? [],
      ambient: options.ambient ?? true,
      codecs: () => plugins.codecs,
      values: () => plugins.get('transport').carries === 'values',
      replyMetadata: () => plugins.get('transport').features.has('reply-metadata'),
    });
    this.presence = new Presence(this.runtime, this.server, this.version, options);
  }

  get name(): string {
    return this.runtime.name;
  }

  get id(): string {
    return this.runtime.id;
  }

  get address(): string | undefined {
    return this.presence.address;
  }

  get client(): MicroClient {
    if (this.options.ambient ?? true) ambient.on = true;
    return this.runtime.client;
  }

  get ready(): boolean {
    return this.state === 'running' && this.presence.active;
  }

  plugin<K extends keyof Kinds & string>(kind: K): InstanceOf<K> {
    return this.runtime.plugin(kind);
  }

  handle<E>(contract: Contract<E>, handlers: Handlers<E>): void {
    this.refuseStarted('handlers');
    this.server.routes.add(contract as Contract<object>, handlers as object);
  }

  subscribe<In, Out>(
    topic: Topic<In, Out>,
    handler: (event: NoInfer<Out>, ctx: Context) => void | Promise<void>,
    options: SubscriberOptions = {},
  ): void {
    this.refuseStarted('subscribers');
    checkSubscriber(topic.topic, options);
    this.subscribed.push({
      topic: topic as Topic<unknown, unknown>,
      handler: handler as Subscribed['handler'],
      options,
    });
  }

  async start(): Promise<void> {
    if (this.state !== 'new')
      throw new MicroError('conflict', `service "${this.name}" is ${this.state}: it starts once`);
    this.enter('starting');
    try {
      await this.hook('beforeStart');
      this.refuseStopped();
      this.opening = this.presence.open(this.subscribed, this.leaving.signal);
      await this.opening;
      this.refuseStopped();
      this.enter('running');
      await this.hook('afterStart');
    } catch (error) {
      const stopped = this.leaving.signal.aborted;
      this.hurry.abort();
      await this.stop().catch((failure: unknown) =>
        report('plugin.warning', `stopping ${this.name}`, failure),
      );
      if (stopped) this.refuseStopped();
      throw error;
    }
  }

  stop(): Promise<void> {
    this.stopping ??= this.shutDown();
    return this.stopping;
  }

  async run(): Promise<void> {
    if (this.runtime.settings.help) {
      process.stdout.write(helpText(this.name || 'A service'));
      return;
    }
    const { signal } = this.leaving;
    const stopped = new Promise((resolve) => signal.addEventListener('abort', resolve, { once: true }));
    let told: () => void = () => undefined;
    const signalled = new Promise<void>((resolve) => {
      told = resolve;
    });
    const onSignal = (): void => {
      if (signal.aborted) this.hurry.abort();
      told();
      // Owned by the await below: stop() gives the same promise again
      void this.stop();
    };
    process.on('SIGTERM', onSignal).on('SIGINT', onSignal);
    const alive = setInterval(() => undefined, 2 ** 30); // a service without sockets (memory) runs too
    try {
      // A signal while it starts is no failure, and a hook that never ends does not keep the process
      await Promise.race([this.start(), signalled]);
      await stopped;
      await this.stop();
    } finally {
      clearInterval(alive);
      process.off('SIGTERM', onSignal).off('SIGINT', onSignal);
    }
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.stop();
  }

  private async shutDown(): Promise<void> {
    this.enter('stopping');
    this.leaving.abort();
    try {
      await this.hook('beforeStop');
    } finally {
      await this.opening?.catch(() => undefined); // start() tells; what it has opened is closed here
      await this.close(this.hurry.signal);
    }
    await this.hook('afterStop');
  }

  /** Drops nothing, but for what is not done `drainMs` after callers have learnt to go elsewhere. */
  private async close(hurry: AbortSignal): Promise<void> {
    await this.presence.leave(hurry);
    const limitMs = Math.min(this.options.drainMs ?? 30_000, longestTimerMs);
    const limit = setTimeout(() => this.hurry.abort(), limitMs);
    try {
      await this.presence.close(hurry);
    } finally {
      try {
        await this.runtime.close(hurry);
      } finally {
        clearTimeout(limit);
        this.enter('stopped');
      }
    }
  }

  private refuseStopped(): void {
    if (this.leaving.signal.aborted)
      throw new MicroError('canceled', `service "${this.name}" was stopped while it started`);
  }

  private async hook(name: keyof Hooks): Promise<void> {
    await this.options.hooks?.[name]?.(this);
  }

  private enter(state: ServiceState): void {
    this.state = state;
    report('service.state', `${this.name} ${state}`);
  }

  private refuseStarted(what: string): void {
    if (this.state !== 'new')
      throw new MicroError(
        'conflict',
        `service "${this.name}" is ${this.state}: add ${what} before it starts`,
      );
  }
}
