import type { MemoryRegistryOptions } from './memory-registry.ts';
import type { Metadata } from './metadata.ts';

/**
 * Knows which services there are and where their nodes listen. Every method may be called at any time, also
 * while the backend is down, and then rejects with `unavailable`; nothing that failed is remembered.
 * Names are any non-empty text; a plugin encodes them for its backend.
 */
export interface Registry {
  /** What node metadata calls it, as in go-micro: `mdns`, `consul`. */
  readonly name: string;
  readonly features: ReadonlySet<RegistryFeature>;
  /** The longest a change normally takes to reach every watcher, in ms. A stopping service waits as long. */
  readonly propagationMs: number;
  /**
   * Shows the record's nodes to everybody, for `ttlMs`. Core calls it again after a third of that time, with
   * the same object where nothing changed: the plugin renews, and makes anew what the backend has lost. Core never
   * overlaps calls for one node. A rejected one may have taken effect, so core deregisters after it. After an abort it
   * settles when the backend has answered, or has been silent for as long as the plugin waits. Nothing is sent after
   * that; but what a silent backend has not read yet it may still do when it goes on, and show the node for its ttl.
   */
  register(record: ServiceRecord, options: RegisterOptions): Promise<void>;
  /** Takes the record's nodes out, at once for everybody. Nodes that are not there are no error. */
  deregister(record: ServiceRecord, options?: LookupOptions): Promise<void>;
  /**
   * The versions of a service with their live nodes; empty when nobody offers it. Frozen. One version may come in
   * several records; core merges them.
   */
  getService(name: string, options?: LookupOptions): Promise<readonly ServiceRecord[]>;
  /** The names of all services, sorted, each once. */
  listServices(options?: LookupOptions): Promise<readonly string[]>;
  /**
   * Tells what changes, for one service or (feature `watch-all`) for all: first a `list`, and again a `list` after
   * anything may have been missed. A renewal that changes nothing is no change, and is not told. `changed` is quick
   * and never throws. Resolves when the signal aborts or the registry closes. Rejects with `unavailable` when the
   * backend is lost, silence included; core starts it again, with a backoff. A short loss may be bridged inside, where
   * nothing can be missed.
   */
  watch(
    name: string | undefined,
    changed: (change: RegistryChange) => void,
    options: WatchOptions,
  ): Promise<void>;
  /** Ends watches, stops renewals of its own and frees every handle. What is still registered goes by its ttl. */
  close(): Promise<void>;
}

/** One version of a service and its nodes, as go-micro's `registry.Service`. Immutable. */
export interface ServiceRecord {
  readonly name: string;
  readonly version: string;
  readonly metadata: Metadata;
  readonly endpoints: readonly EndpointRecord[];
  readonly nodes: readonly NodeRecord[];
}

/** One process that offers the service. `id` is unique; the same id seen twice is one node, the later one counts. */
export interface NodeRecord {
  readonly id: string;
  /** As the transport announces it: `host:port`, `[v6]:port`, `unix:/path`, or a name. */
  readonly address: string;
  readonly metadata: Metadata;
}

export interface EndpointRecord {
  readonly name: string;
  readonly request: ValueRecord | null;
  readonly response: ValueRecord | null;
  readonly metadata: Metadata;
}

/** The shape of a message, as go-micro describes it. */
export interface ValueRecord {
  readonly name: string;
  readonly type: string;
  readonly values: readonly ValueRecord[] | null;
}

/**
 * `list` is the whole truth about the service `name`, or about all; `put` adds or replaces the record's nodes;
 * `remove` takes nodes of a service out by id.
 */
export type RegistryChange =
  | { readonly type: 'list'; readonly name: string | undefined; readonly services: readonly ServiceRecord[] }
  | { readonly type: 'put'; readonly service: ServiceRecord }
  | { readonly type: 'remove'; readonly name: string; readonly ids: readonly string[] };

export interface LookupOptions {
  readonly signal?: AbortSignal | undefined;
}

export interface WatchOptions {
  readonly signal: AbortSignal;
}

export interface RegisterOptions extends LookupOptions {
  /** How long a node outlives its last renewal, in ms. Raised to the least and the units that the backend has. */
  readonly ttlMs: number;
}

/**
 * `ttl`: a node whose process was killed vanishes within `ttlMs` and `propagationMs`. Without it the backend decides how long it
 * stays. `watch-all`: `watch(undefined)` works. `lan`: reaches only its own network, by multicast.
 */
export type RegistryFeature = 'ttl' | 'watch-all' | 'lan';

/** Names and options of registry plugins; each package adds its own by declaration merging. */
export interface RegistryPlugins {
  memory: MemoryRegistryOptions;
}
