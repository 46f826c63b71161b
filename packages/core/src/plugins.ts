import type { Broker, BrokerPlugins } from './broker.ts';
import type { Codec, CodecPlugins } from './codec.ts';
import { MicroError } from './errors.ts';
import type { LookupOptions, Registry, RegistryPlugins, ServiceRecord } from './registry.ts';
import type { Selector, SelectorPlugins } from './selector.ts';
import type { TlsOptions } from './tls.ts';
import type { Transport, TransportPlugins } from './transport.ts';
import { nameVariable } from './variables.ts';

/** What can be plugged. Open: a package adds `kind: Kind<Instance, Names>` and calls `defineKind`. */
export interface Kinds {
  registry: Kind<Registry, RegistryPlugins>;
  broker: Kind<Broker, BrokerPlugins>;
  transport: Kind<Transport, TransportPlugins>;
  codec: Kind<Codec, CodecPlugins>;
  selector: Kind<Selector, SelectorPlugins>;
}
export interface Kind<Instance, Names> {
  readonly instance: Instance;
  readonly names: Names;
}
export type InstanceOf<K extends keyof Kinds> = Kinds[K]['instance'];

/** A name, exactly one name with its options, or an instance. */
export type Choice<K extends Kind<unknown, unknown>> =
  | (keyof K['names'] & string)
  | Named<K['names']>
  | K['instance'];
type Named<N> = {
  readonly [P in keyof N]: { readonly [Q in P]: N[P] } & { readonly [Q in Exclude<keyof N, P>]?: never };
}[keyof N];
/** Which plugin a service uses, by kind. */
export type PluginOptions = { readonly [K in keyof Kinds]?: Choice<Kinds[K]> };

/** What a plugin may ask of the service or client that makes it. */
export interface Host {
  readonly name: string;
  /** Unique for the process's service, or client. */
  readonly id: string;
  /** The plugin of another kind, made when it is first asked for. */
  plugin<K extends keyof Kinds>(kind: K): InstanceOf<K>;
  /** Registers a record of the plugin's own, and renews it until it is withdrawn. Resolves when it is registered. */
  announce(record: ServiceRecord): Promise<Announcement>;
  /** The nodes of a service, from the client's snapshots: asked of the registry once, watched from then on. */
  discover(name: string, options?: LookupOptions): Promise<readonly ServiceRecord[]>;
}
export interface Announcement {
  withdraw(): Promise<void>;
}

/** Options that every plugin of a networked backend has: `MICRO_<KIND>_ADDRESS`, split at commas, is the address. */
export interface BackendOptions {
  readonly address?: string | readonly string[] | undefined;
  readonly tls?: TlsOptions | undefined;
}

/**
 * Makes an instance. Free of I/O: the first use connects. Throws `bad_request` for options that make no sense.
 *
 * What holds for every instance: a `signal` ends one wait (rejecting with `canceled`, its reason as the cause), never
 * what the wait has made. Without one, every wait still ends, in `unavailable`. A failure is never remembered.
 * `close()` twice is one close; it ends waits under way and frees what they have made; afterwards everything rejects
 * with `unavailable` and nothing reconnects. Who makes an instance closes it.
 */
export type Factory<I, O> = (options: O | undefined, host?: Host) => I;

export interface PluginDefinition<I, O> {
  /** The npm package that defines it: told when two packages claim one name. */
  readonly package: string;
  readonly create: Factory<I, O>;
}
export interface KindDefinition {
  /** The name used when nothing else was chosen or imported. */
  readonly fallback?: string | undefined;
  /** Whether importing the only plugin of the kind chooses it. @default true */
  readonly chosenByImport?: boolean | undefined;
  /** Whether its plugins have a backend somewhere: then `MICRO_<KIND>_ADDRESS` and the flag say where. @default true */
  readonly address?: boolean | undefined;
}

interface KindEntry extends KindDefinition {
  readonly plugins: Map<string, PluginDefinition<unknown, never>>;
}
// The version in the key: copies of core that share a table must agree on its shape.
const key = Symbol.for('@micro/core/plugins/1');
const shared = globalThis as { [key]?: Map<string, KindEntry> };
shared[key] ??= new Map();
const kinds: Map<string, KindEntry> = shared[key];

/** Adds a kind of plugin. The same kind again is no error: its first definition stays. */
export function defineKind<K extends keyof Kinds & string>(kind: K, definition: KindDefinition = {}): void {
  if (!kinds.has(kind)) kinds.set(kind, { ...definition, plugins: new Map() });
}

/** Registers a plugin under its name. Throws `conflict` when another package has the name; of the same package the first stays. */
export function definePlugin<K extends keyof Kinds & string, N extends keyof Kinds[K]['names'] & string>(
  kind: K,
  name: N,
  definition: PluginDefinition<InstanceOf<K>, Kinds[K]['names'][N]>,
): void {
  const { plugins } = entryOf(kind);
  const present = plugins.get(name);
  if (present !== undefined && present.package !== definition.package) {
    throw new MicroError(
      'conflict',
      `${kind} "${name}" is claimed by ${present.package} and by ${definition.package}: import one`,
    );
  }
  if (present === undefined) plugins.set(name, definition);
}

/** The names there are, sorted. Untyped, for names from the environment. */
export function pluginNames(kind: string): readonly string[] {
  return [...entryOf(kind).plugins.keys()].sort();
}

/** The kinds there are, in the order of their definition. */
export function kindNames(): readonly (keyof Kinds & string)[] {
  return [...kinds.keys()] as (keyof Kinds & string)[];
}

/** Whether plugins of the kind have an address, which environment and flags may set. */
export function hasAddress(kind: string): boolean {
  return entryOf(kind).address !== false;
}

/** Makes an instance by name. Throws `not_found`, naming what is there, for a name that nobody registered. */
export function createPlugin(kind: string, name: string, options: unknown, host: Host): unknown {
  const definition = entryOf(kind).plugins.get(name);
  if (definition === undefined) {
    const have = pluginNames(kind).join(', ') || 'none';
    throw new MicroError(
      'not_found',
      `no ${kind} "${name}" (have: ${have}); import '@micro/${kind}-${name}' first`,
    );
  }
  return definition.create(options as never, host);
}

/** The name to use when none was chosen: the only one imported, else the fallback. Two imported are a `conflict`. */
export function impliedName(kind: string): string {
  const entry = entryOf(kind);
  const imported =
    entry.chosenByImport === false
      ? []
      : [...entry.plugins].filter(([, plugin]) => plugin.package !== '@micro/core');
  if (imported.length > 1) {
    const names = imported.map(([name, plugin]) => `"${name}" (${plugin.package})`).join(' and ');
    throw new MicroError(
      'conflict',
      `${kind} ${names} are imported: choose one, with the option ${kind} or ${nameVariable(kind)}`,
    );
  }
  const name = imported[0]?.[0] ?? entry.fallback;
  if (name === undefined) throw new MicroError('not_found', `no ${kind} chosen, and the kind has no default`);
  return name;
}

function entryOf(kind: string): KindEntry {
  const entry = kinds.get(kind);
  if (entry === undefined)
    throw new MicroError(
      'not_found',
      `no such kind of plugin: "${kind}" (have: ${[...kinds.keys()].join(', ')})`,
    );
  return entry;
}

defineKind('registry', { fallback: 'memory' });
defineKind('broker', { fallback: 'memory' });
defineKind('transport', { fallback: 'memory' });
defineKind('codec', { fallback: 'json', chosenByImport: false, address: false });
defineKind('selector', { fallback: 'least-pending', address: false });
