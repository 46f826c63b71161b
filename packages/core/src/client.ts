import type { Broker } from './broker.ts';
import type { Codec } from './codec.ts';
import { ambient, type CallOptions } from './context.ts';
import {
  type Client,
  type Contract,
  type Endpoint,
  endpointName,
  kindOf,
  rpc,
  type Topic,
} from './contract.ts';
import { type ClientPlugins, Directory } from './directory.ts';
import { MicroError } from './errors.ts';
import { onlyMessage } from './handling.ts';
import type { Middleware } from './middleware.ts';
import { type EventOptions, publishEvents } from './publish.ts';
import type { LookupOptions, ServiceRecord } from './registry.ts';
import { makeRemote, makeTarget, type Remote } from './remote.ts';
import { checkOf, type Schema, stream, type } from './schema.ts';
import { failedStream, StreamCall } from './stream-call.ts';
import { callUnary } from './unary-call.ts';
import { wrapCalls } from './wrap-calls.ts';

/** Calls services and publishes events. Cheap: what it needs is made by its first call. */
export interface MicroClient {
  /** The contract's endpoints as functions. */
  of<E>(contract: Contract<E>): Client<E>;
  /** Calls without a contract, as in go-micro. The reply is checked when its schema is given, else unknown. */
  call<Out>(
    service: string,
    endpoint: string,
    request: unknown,
    options: RawCallOptions & { readonly response: Schema<unknown, Out> },
  ): Promise<Out>;
  call(service: string, endpoint: string, request: unknown, options?: RawCallOptions): Promise<unknown>;
  /** A two-way stream without a contract. For the other kinds send one message, or read one. */
  stream(
    service: string,
    endpoint: string,
    requests: AsyncIterable<unknown>,
    options?: CallOptions,
  ): AsyncIterable<unknown>;
  /** Resolves when the broker has confirmed the event. */
  publish<In, Out>(topic: Topic<In, Out>, event: NoInfer<In>, options?: EventOptions): Promise<void>;
  /** The same for many events of one topic, in their order, with one confirmation. */
  publishAll<In, Out>(
    topic: Topic<In, Out>,
    events: readonly NoInfer<In>[],
    options?: EventOptions,
  ): Promise<void>;
  /** Takes no more calls, waits for those under way, and frees connections and watches. */
  close(): Promise<void>;
}

export interface RawCallOptions extends CallOptions {
  readonly response?: Schema<unknown, unknown>;
  /** Doing it twice is as good as once. @default false */
  readonly idempotent?: boolean | undefined;
}

export interface ClientSettings extends ClientPlugins {
  readonly codec: () => Codec;
  /** What is spoken, by content type. */
  readonly codecs: () => ReadonlyMap<string, Codec>;
  readonly broker: () => Broker;
  readonly timeoutMs: number;
  readonly retries: number;
  readonly middleware: readonly Middleware[];
  /** Whether handlers' contexts are to be entered once this client is used. */
  readonly ambient: boolean;
  /** What closing the client closes besides. */
  readonly onClose: () => Promise<void>;
}

/** How an endpoint is called, whatever its kind. */
export type Invoke = (input: unknown, options?: CallOptions) => unknown;

const untyped = type<unknown>();
/** Endpoints called without a contract that are kept; then all are forgotten, and bound again. */
const mostRaw = 10_000;
type RawWay = 'once' | 'idempotent' | 'stream';
type RawInvokes = Map<string, Map<string, Invoke>>;

export class CoreClient implements MicroClient {
  private readonly directory: Directory;
  private readonly settings: ClientSettings;
  private readonly raw: Readonly<Record<RawWay, RawInvokes>> = {
    once: new Map(),
    idempotent: new Map(),
    stream: new Map(),
  };
  private rawCount = 0;

  constructor(settings: ClientSettings) {
    this.settings = settings;
    this.directory = new Directory(settings);
  }

  of<E>(contract: Contract<E>): Client<E> {
    const endpoints = Object.entries(contract.endpoints as Record<string, Endpoint>);
    const calls = endpoints.map(([key, endpoint]): [string, Invoke] => [
      key,
      this.invoker(contract.service, endpointName(contract.name, key), endpoint),
    ]);
    return Object.freeze(Object.fromEntries(calls)) as Client<E>;
  }

  call<Out>(
    service: string,
    endpoint: string,
    request: unknown,
    options: RawCallOptions & { readonly response: Schema<unknown, Out> },
  ): Promise<Out>;
  call(service: string, endpoint: string, request: unknown, options?: RawCallOptions): Promise<unknown>;
  async call(
    service: string,
    endpoint: string,
    request: unknown,
    options: RawCallOptions = {},
  ): Promise<unknown> {
    const { response, idempotent = false } = options;
    const invoke = this.rawInvoker(service, endpoint, idempotent ? 'idempotent' : 'once', () =>
      rpc({ request: untyped, response: untyped, idempotent }),
    );
    const reply = await invoke(request, options);
    const check =
      response === undefined ? undefined : checkOf(response, `the reply of ${service} ${endpoint}`);
    return check === undefined ? reply : check(reply);
  }

  stream(
    service: string,
    endpoint: string,
    requests: AsyncIterable<unknown>,
    options?: CallOptions,
  ): AsyncIterable<unknown> {
    const invoke = this.rawInvoker(service, endpoint, 'stream', () =>
      rpc({ request: stream(untyped), response: stream(untyped) }),
    );
    return invoke(requests, options) as AsyncIterable<unknown>;
  }

  publish<In, Out>(topic: Topic<In, Out>, event: NoInfer<In>, options?: EventOptions): Promise<void> {
    return this.publishAll(topic, [event], options);
  }

  async publishAll<In, Out>(
    topic: Topic<In, Out>,
    events: readonly NoInfer<In>[],
    options?: EventOptions,
  ): Promise<void> {
    const { broker, codec } = this.settings;
    const ctx = options?.ctx ?? (this.settings.ambient ? ambient.storage.getStore() : undefined);
    await publishEvents(broker(), codec(), topic, events, { ...options, ctx });
  }

  /** `limit` ends the waiting for calls under way. */
  async close(limit?: AbortSignal): Promise<void> {
    await this.directory.close(limit);
    await this.settings.onClose();
  }

  /** As `Host.discover`. */
  async discover(service: string, { signal }: LookupOptions): Promise<readonly ServiceRecord[]> {
    return this.directory.service(service).records(signal);
  }

  /** Looked up by parts: a joined key would have to be made and hashed for every call. */
  private rawInvoker(service: string, endpoint: string, way: RawWay, make: () => Endpoint): Invoke {
    const { [way]: services } = this.raw;
    const invoke = services.get(service)?.get(endpoint);
    if (invoke !== undefined) return invoke;
    if (this.rawCount++ >= mostRaw) {
      this.rawCount = 1;
      for (const all of Object.values(this.raw)) all.clear();
    }
    const made = this.invoker(service, endpoint, make());
    const endpoints = services.get(service) ?? new Map<string, Invoke>();
    services.set(service, endpoints.set(endpoint, made));
    return made;
  }

  private invoker(service: string, name: string, endpoint: Endpoint): Invoke {
    const { middleware } = this.settings;
    const kind = kindOf(endpoint);
    let bound: Remote | undefined;
    // As many as there are content types: others are refused
    const inType = new Map<string, Remote>();
    const rebind = (options: CallOptions | undefined): Remote => {
      const { address, contentType } = options ?? {};
      if (address !== undefined) return this.bind(service, name, endpoint, address, contentType);
      if (contentType === undefined) {
        bound = this.bind(service, name, endpoint, undefined, undefined);
        return bound;
      }
      let remote = inType.get(contentType);
      if (remote === undefined || remote.service.closed) {
        remote = this.bind(service, name, endpoint, undefined, contentType);
        inType.set(contentType, remote);
      }
      return remote;
    };
    const isBound = (options: CallOptions | undefined): boolean =>
      bound !== undefined &&
      !bound.service.closed &&
      options?.address === undefined &&
      options?.contentType === undefined;

    const unary: Invoke = (request, options) => {
      try {
        const remote = isBound(options) ? (bound as Remote) : rebind(options);
        return callUnary(remote, request, options);
      } catch (error) {
        return Promise.reject(error);
      }
    };
    const streamed: Invoke = (input, options) => {
      try {
        const remote = isBound(options) ? (bound as Remote) : rebind(options);
        const call = new StreamCall(remote, input, options);
        call.begin();
        return kind === 'client-stream' ? onlyMessage(call.replies, `${service} ${name}`) : call.replies;
      } catch (error) {
        return kind === 'client-stream' ? Promise.reject(error) : failedStream(error);
      }
    };
    const invoke = kind === 'unary' ? unary : streamed;
    return middleware.length === 0
      ? invoke
      : wrapCalls(middleware, { service, endpoint: name, kind, idempotent: endpoint.idempotent }, invoke);
  }

  private bind(
    service: string,
    name: string,
    endpoint: Endpoint,
    address: string | undefined,
    contentType: string | undefined,
  ): Remote {
    const { transport } = this.settings;
    const called = address === undefined ? this.directory.service(service) : this.directory.at(address);
    const codec = this.codecOf(contentType);
    const target = makeTarget(service, name, codec, contentType);
    const values = transport().carries === 'values';
    return makeRemote(target, endpoint, values ? undefined : codec, called, this.settings);
  }

  private codecOf(contentType: string | undefined): Codec {
    if (contentType === undefined) return this.settings.codec();
    const codecs = this.settings.codecs();
    const codec = contentType === '' ? undefined : codecs.get(contentType);
    if (codec !== undefined) return codec;
    const have = [...codecs.keys()].filter((type) => type !== '').join(', ');
    throw new MicroError(
      'bad_request',
      `content type "${contentType}" is not spoken here (have: ${have}); import its codec first`,
    );
  }
}
