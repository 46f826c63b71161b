import { createRequire } from 'node:module';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import {
  type Broker,
  type Codec,
  createPlugin,
  pluginNames,
  type Registry,
  type Selector,
  type Transport,
} from '@micro/core';
import { brokerSuite } from './broker/suite.ts';
import { codecSuite } from './codec/suite.ts';
import { testHost } from './host.ts';
import { registrySuite } from './registry/suite.ts';
import { type Outcome, type RunOptions, runSuite } from './run.ts';
import type { SelectorTrait } from './selector/harness.ts';
import { selectorSuite } from './selector/suite.ts';
import type { Harness, Suite } from './suite.ts';
import { transportSuite } from './transport/suite.ts';

/** What the command line says. */
export interface Wanted extends RunOptions {
  readonly kind: string;
  /** A package, or a path from the working directory. */
  readonly module: string;
  /** The name, where the module registers several. */
  readonly name?: string | undefined;
  readonly options: unknown;
  readonly ttlMs: number;
  /** Called when the plugin is known. */
  readonly onPlugin?: ((name: string) => void) | undefined;
}

type Run = (wanted: Wanted, name: string, create: () => unknown) => Promise<readonly Outcome[]>;

const runs: Readonly<Record<string, Run>> = {
  registry: ({ ttlMs, ...rest }, name, create) => {
    const made = create as () => Registry; // the table has it under this kind
    return run(registrySuite, { name, create: made, features: made().features, ttlMs }, rest);
  },
  broker: (wanted, name, create) => {
    const made = create as () => Broker;
    return run(brokerSuite, { name, create: made, features: made().features }, wanted);
  },
  transport: (wanted, name, create) => {
    const made = create as () => Transport;
    return run(transportSuite, { name, create: made, features: made().features }, wanted);
  },
  codec: (wanted, name, create) => {
    const made = create as () => Codec;
    return run(codecSuite, { name, create: made, features: made().features }, wanted);
  },
  selector: (wanted, name, create) =>
    run(
      selectorSuite,
      { name, create: create as () => Selector, features: new Set<SelectorTrait>() },
      wanted,
    ),
};

/** The kinds that have a suite. */
export const kinds: readonly string[] = Object.keys(runs);

/** Imports the module, which registers its plugin, and runs the suite of the kind on it. */
export async function runWanted(wanted: Wanted): Promise<readonly Outcome[]> {
  const { kind, module, options, onPlugin } = wanted;
  const suite = runs[kind];
  if (suite === undefined) throw new Error(`no suite for "${kind}" (have: ${kinds.join(', ')})`);
  const before = new Set(pluginNames(kind));
  await import(urlOf(module));
  const name =
    wanted.name ??
    onlyName(
      wanted,
      pluginNames(kind).filter((one) => !before.has(one)),
    );
  const host = testHost();
  onPlugin?.(name);
  return suite(wanted, name, () => createPlugin(kind, name, options, host));
}

function run<H extends Harness<P>, P extends object>(
  suite: Suite<H, P>,
  harness: H,
  options: RunOptions,
): Promise<readonly Outcome[]> {
  return runSuite(suite, harness, options);
}

function onlyName({ kind, module }: Wanted, names: readonly string[]): string {
  const [name] = names;
  if (name === undefined) {
    const have = pluginNames(kind).join(', ');
    throw new Error(
      `importing ${module} registered no ${kind} (definePlugin('${kind}', …)); there are: ${have}. Use --name for one of these`,
    );
  }
  if (names.length > 1) throw new Error(`${module} registers ${names.join(' and ')}: choose one with --name`);
  return name;
}

/** As `import` would find it from the working directory: this file is somewhere else. */
function urlOf(module: string): string {
  const from = createRequire(join(process.cwd(), 'package.json'));
  if (/^(?:\.|\/|[a-zA-Z]:)/.test(module)) return pathToFileURL(resolve(module)).href;
  try {
    return pathToFileURL(from.resolve(module)).href;
  } catch (error) {
    // a package whose exports have no way for `require`
    if (error instanceof Error && 'code' in error && error.code === 'ERR_PACKAGE_PATH_NOT_EXPORTED')
      return module;
    throw error;
  }
}
