import { report } from './background.ts';
import type { Codec } from './codec.ts';
import { isMicroError, MicroError } from './errors.ts';
import { createPlugin, type Host, type InstanceOf, impliedName, type Kinds, pluginNames } from './plugins.ts';

type KindName = keyof Kinds & string;

/** What was chosen from outside the program, by environment or flags. */
export interface Chosen {
  readonly name?: string | undefined;
  readonly address?: string | readonly string[] | undefined;
}

/** The plugins of a service or client: chosen at once, made when they are first needed, closed with it. */
export class PluginSet {
  private readonly host: Host;
  private readonly options: Readonly<Record<string, unknown>>;
  private readonly chosen: Readonly<Record<string, Chosen | undefined>>;
  private readonly made = new Map<string, { readonly instance: unknown; readonly ours: boolean }>();
  private spoken: ReadonlyMap<string, Codec> | undefined;
  private readonly making = new Set<string>();
  private closing: Promise<void> | undefined;

  /** `options`: a choice by kind; `chosen`: what the environment says, where the options say nothing. */
  constructor(
    host: Host,
    options: Readonly<Record<string, unknown>>,
    chosen: Readonly<Record<string, Chosen | undefined>>,
  ) {
    this.host = host;
    this.options = options;
    this.chosen = chosen;
  }

  /** The instance of a kind. Throws what choosing or making it throws; that is not remembered. */
  get<K extends KindName>(kind: K): InstanceOf<K> {
    const made = this.made.get(kind);
    if (made !== undefined) return made.instance as InstanceOf<K>;
    if (this.closing !== undefined)
      throw new MicroError('unavailable', `the ${kind} is closed, with the client or service that had it`);
    if (this.making.has(kind))
      throw new MicroError('conflict', `the ${kind} needs itself: ${[...this.making].join(' -> ')}`);
    this.making.add(kind);
    try {
      const choice = this.choose(kind);
      const instance =
        'instance' in choice ? choice.instance : createPlugin(kind, choice.name, choice.options, this.host);
      this.made.set(kind, { instance, ours: !('instance' in choice) });
      return instance as InstanceOf<K>;
    } finally {
      this.making.delete(kind);
    }
  }

  /** What node metadata calls the plugin of a kind, without making it. */
  nameOf(kind: KindName): string {
    const choice = this.choose(kind);
    return 'instance' in choice ? String(Reflect.get(choice.instance as object, 'name')) : choice.name;
  }

  /** What is spoken: the chosen codec, and every other that was imported, by content type. */
  get codecs(): ReadonlyMap<string, Codec> {
    if (this.spoken !== undefined) return this.spoken;
    const spoken = new Map<string, Codec>();
    const chosen = this.get('codec');
    for (const name of pluginNames('codec')) {
      if (name === chosen.name) continue;
      const codec = createPlugin('codec', name, undefined, this.host) as Codec;
      for (const contentType of codec.contentTypes) spoken.set(contentType, codec);
    }
    for (const contentType of chosen.contentTypes) spoken.set(contentType, chosen);
    // Go reads a message without a content type as protobuf; a person with curl means the default
    const unnamed = spoken.get('application/protobuf') ?? chosen;
    this.spoken = spoken.set('', unnamed);
    return this.spoken;
  }

  /** Closes what was made here, brokers and transports before registries; every one, whatever another does. */
  close(): Promise<void> {
    this.closing ??= this.closeAll();
    return this.closing;
  }

  private async closeAll(): Promise<void> {
    const ours = [...this.made].filter(([, one]) => one.ours);
    const others = ours.filter(([kind]) => kind !== 'registry');
    await Promise.all(others.map(([kind, { instance }]) => closeOne(kind, instance)));
    for (const [kind, { instance }] of ours) if (kind === 'registry') await closeOne(kind, instance);
    this.made.clear();
  }

  private choose(
    kind: KindName,
  ): { readonly instance: unknown } | { readonly name: string; readonly options: unknown } {
    const option = this.options[kind];
    const { name, address } = this.chosen[kind] ?? {};
    // An address goes with the name beside it: it is not the one of another plugin
    const outside = (plugin: string): { readonly address: unknown } | undefined =>
      address === undefined || (name ?? plugin) !== plugin ? undefined : { address };
    if (typeof option === 'string') return { name: option, options: outside(option) };
    if (typeof option === 'object' && option !== null) {
      const names = Object.keys(option);
      const only = names[0];
      const named = names.length === 1 && only !== undefined && pluginNames(kind).includes(only);
      if (!named && !isInstance(option)) {
        const have = pluginNames(kind).join(', ');
        throw new MicroError(
          'not_found',
          `no ${kind} "${names.join(', ')}" (have: ${have}); import its package first`,
        );
      }
      if (!named) return { instance: option };
      return { name: only, options: { ...outside(only), ...(Reflect.get(option, only) as object) } };
    }
    const implied = name ?? impliedName(kind);
    return { name: implied, options: outside(implied) };
  }
}

/** An instance has methods; options by name have none at their top. */
function isInstance(option: object): boolean {
  return (
    Object.values(option).some((value) => typeof value === 'function') ||
    Object.getPrototypeOf(option) !== Object.prototype
  );
}

async function closeOne(kind: string, instance: unknown): Promise<void> {
  const close: unknown =
    typeof instance === 'object' && instance !== null ? Reflect.get(instance, 'close') : undefined;
  if (typeof close !== 'function') return;
  try {
    await Reflect.apply(close, instance, []);
  } catch (error) {
    report('plugin.warning', `closing the ${kind}`, isMicroError(error) ? error : MicroError.from(error));
  }
}
