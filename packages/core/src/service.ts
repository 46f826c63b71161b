import type { MicroClient } from './client.ts';
import type { Context } from './context.ts';
import type { Contract, Handlers, Topic } from './contract.ts';
import type { Metadata } from './metadata.ts';
import type { Middleware } from './middleware.ts';
import type { InstanceOf, Kinds, PluginOptions } from './plugins.ts';
import type { SettingSources } from './settings.ts';
import type { SubscriberOptions } from './subscriptions.ts';

export interface ClientOptions extends PluginOptions, SettingSources {
  /** What peers are told of the caller. */
  readonly name?: string | undefined;
  /** How long a unary call may take, attempts and all, in ms; 0: for ever. @default 5000 */
  readonly timeoutMs?: number | undefined;
  /** Further attempts of a call, where they are safe. @default 3 */
  readonly retries?: number | undefined;
  /** Around every outgoing call; the first is the outermost. */
  readonly clientMiddleware?: readonly Middleware[] | undefined;
  /** Whether nested calls inherit the running handler's context by themselves. @default true */
  readonly ambient?: boolean | undefined;
}

export interface ServiceOptions extends ClientOptions {
  /** @default MICRO_SERVER_NAME */
  readonly name?: string | undefined;
  /** @default 'latest' */
  readonly version?: string | undefined;
  /** Unique among the nodes of the service. @default a random UUID */
  readonly id?: string | undefined;
  /** Where to listen, in the transport's form. @default a free port on all interfaces */
  readonly address?: string | undefined;
  /** What is registered, when it is not where we listen. */
  readonly advertise?: string | undefined;
  /** Metadata of the node, for filters and people. */
  readonly metadata?: Metadata | undefined;
  /** How long a registration lives without renewal, in ms. @default 90000 */
  readonly registerTtlMs?: number | undefined;
  /** Time between renewals, in ms. @default a third of the ttl */
  readonly registerIntervalMs?: number | undefined;
  /** Calls and streams under way at once; more are refused with `overloaded`. @default 100000 */
  readonly maxInFlight?: number | undefined;
  /** Around every handler, of calls and of events; the first is the outermost. */
  readonly middleware?: readonly Middleware[] | undefined;
  /** How long stop() waits for calls under way before it aborts them, in ms. @default 30000 */
  readonly drainMs?: number | undefined;
  /** How long stop() waits, after leaving the registry, for callers to learn of it, in ms. @default the registry's propagationMs */
  readonly leaveMs?: number | undefined;
  readonly hooks?: Hooks | undefined;
}

/**
 * Called around start and stop, and waited for. A throw before or after the start makes the start fail. A start that
 * fails is stopped: `beforeStop` and `afterStop` run then too, whatever had been opened.
 */
export interface Hooks {
  readonly beforeStart?: Hook | undefined;
  readonly afterStart?: Hook | undefined;
  readonly beforeStop?: Hook | undefined;
  readonly afterStop?: Hook | undefined;
}
type Hook = (service: Service) => void | Promise<void>;

export type ServiceState = 'new' | 'starting' | 'running' | 'stopping' | 'stopped';

/** A process's part in a service: handlers, subscribers, a client, and their lifecycle. */
export interface Service {
  readonly name: string;
  readonly version: string;
  readonly id: string;
  readonly state: ServiceState;
  /** Registered, listening and subscribed: what a readiness probe should ask. */
  readonly ready: boolean;
  /** What is registered; undefined until started. */
  readonly address: string | undefined;
  /** Calls and publishes in this service's name. */
  readonly client: MicroClient;
  /** Adds a contract's handlers; before the start. */
  handle<E>(contract: Contract<E>, handlers: Handlers<E>): void;
  /** Adds a subscriber; before the start. It resolves: done with. It throws: tried again, then the dead letter. */
  subscribe<In, Out>(
    topic: Topic<In, Out>,
    handler: (event: NoInfer<Out>, ctx: Context) => void | Promise<void>,
    options?: SubscriberOptions,
  ): void;
  /** The plugin of a kind, made when it is first asked for. */
  plugin<K extends keyof Kinds & string>(kind: K): InstanceOf<K>;
  /** Listens, subscribes, registers. Rejects, with everything undone, when one of them fails. */
  start(): Promise<void>;
  /** Leaves the registry, finishes what is under way and closes; drops nothing. Twice is one stop. */
  stop(): Promise<void>;
  /** Starts, and stops on SIGTERM or SIGINT; a second signal ends the waiting. With `--help` in argv it only prints. */
  run(): Promise<void>;
  [Symbol.asyncDispose](): Promise<void>;
}
