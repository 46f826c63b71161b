import { describe, expect, test } from '@jest/globals';
import {
  createPlugin,
  defineKind,
  definePlugin,
  type Host,
  type Kind,
  kindNames,
  pluginNames,
} from '../src/index.ts';
import { helpText, readSettings } from '../src/settings.ts';
import { later, service } from './fleet.ts';

// A kind that core knows nothing of, as a package outside would add it
interface Limiter {
  readonly options: BucketOptions | undefined;
  readonly host: Host | undefined;
  allow(): boolean;
  close(): Promise<void>;
}
interface BucketOptions {
  readonly address?: string | readonly string[] | undefined;
  readonly size?: number | undefined;
}
declare module '../src/index.ts' {
  interface Kinds {
    'core-test.limit': Kind<Limiter, LimiterPlugins>;
    'core-test-loop': Kind<object, { readonly a: undefined; readonly b: undefined }>;
  }
}
interface LimiterPlugins {
  bucket: BucketOptions;
  leaky: undefined;
}

const kind = 'core-test.limit';
const closed: string[] = [];
function limiter(name: string) {
  return (options: BucketOptions | undefined, host: Host | undefined): Limiter => ({
    options,
    host,
    allow: () => true,
    async close() {
      closed.push(name);
    },
  });
}
const refusal = (code: string, message: string) => expect.objectContaining({ code, message });

// In their order: the table belongs to the process, and what is defined stays
describe('a kind that is defined outside of core', () => {
  test('does not exist before', () => {
    const unknown = `no such kind of plugin: "${kind}" (have: registry, broker, transport, codec, selector)`;
    expect(() =>
      definePlugin(kind, 'bucket', { package: '@test/bucket', create: limiter('bucket') }),
    ).toThrow(refusal('not_found', unknown));
    expect(() => pluginNames(kind)).toThrow(refusal('not_found', unknown));
  });

  test('has no default unless it says so', () => {
    defineKind(kind);
    expect(kindNames()).toContain(kind);
    expect(() => service({}).plugin(kind)).toThrow(
      refusal('not_found', `no ${kind} chosen, and the kind has no default`),
    );
    expect(() => createPlugin(kind, 'bucket', undefined, host())).toThrow(
      refusal('not_found', `no ${kind} "bucket" (have: none); import '@micro/${kind}-bucket' first`),
    );
  });

  test('defined again it keeps its plugins and its first definition', () => {
    definePlugin(kind, 'bucket', { package: '@test/bucket', create: limiter('bucket') });
    defineKind(kind, { fallback: 'leaky', address: false });
    expect(pluginNames(kind)).toEqual(['bucket']);
    expect(readSettings({ env: { MICRO_CORE_TEST_LIMIT_ADDRESS: 'a:1' } }).plugins[kind]).toEqual({
      name: undefined,
      address: 'a:1',
    });
  });

  test('is chosen, configured and closed as the kinds of core are', async () => {
    const made = service({ [kind]: { bucket: { size: 3 } } });
    later(() => made.stop());
    const one = made.plugin(kind);
    expect(one.allow()).toBe(true);
    expect(one.options).toEqual({ size: 3 });
    expect(one.host?.name).toBe('greeter');
    expect(service({}).plugin(kind).options).toBeUndefined();
    closed.length = 0;
    await made.stop();
    expect(closed).toEqual(['bucket']);
    // @ts-expect-error no such name
    service({ [kind]: 'bukket' });
  });

  test('has its variables and flags, spelt as an environment can', () => {
    definePlugin(kind, 'leaky', { package: '@test/leaky', create: limiter('leaky') });
    const env = { MICRO_CORE_TEST_LIMIT: 'bucket', MICRO_CORE_TEST_LIMIT_ADDRESS: 'a:1' };
    expect(service({ env }).plugin(kind).options).toEqual({ address: 'a:1' });
    for (const flag of ['--core_test_limit', '--core-test-limit'])
      expect(service({ argv: [flag, 'bucket', `${flag}_address=b:2`] }).plugin(kind).options).toEqual({
        address: 'b:2',
      });
    expect(() => service({}).plugin(kind)).toThrow(/^core-test.limit .* or MICRO_CORE_TEST_LIMIT$/);
    const help = helpText('greeter').split('\n');
    expect(help).toContainEqual(
      expect.stringMatching(
        /--core_test_limit <value> +MICRO_CORE_TEST_LIMIT +core-test.limit to use: bucket, leaky$/,
      ),
    );
    expect(help).toContainEqual(expect.stringContaining('--core_test_limit_address <value>'));
  });
});

describe('a name', () => {
  test('belongs to the package that has it: another is refused, and told both', () => {
    expect(() => definePlugin(kind, 'bucket', { package: '@test/other', create: limiter('other') })).toThrow(
      refusal('conflict', `${kind} "bucket" is claimed by @test/bucket and by @test/other: import one`),
    );
    expect(() =>
      definePlugin('registry', 'memory', {
        package: '@test/memory',
        create: () => host().plugin('registry'),
      }),
    ).toThrow(
      refusal('conflict', 'registry "memory" is claimed by @micro/core and by @test/memory: import one'),
    );
    expect(
      service({ [kind]: 'bucket' })
        .plugin(kind)
        .allow(),
    ).toBe(true);
  });

  test('defined twice by one package is no error, and the first stays', () => {
    const create = (): Limiter => {
      throw new Error('another copy');
    };
    definePlugin(kind, 'leaky', { package: '@test/leaky', create });
    expect(
      service({ [kind]: 'leaky' })
        .plugin(kind)
        .allow(),
    ).toBe(true);
  });

  test.each(['__proto__', 'constructor', 'toString', 'hasOwnProperty', ''])(
    'that comes from the environment may be "%s": it is not there',
    (name) => {
      expect(() => createPlugin('registry', name, undefined, host())).toThrow(
        refusal('not_found', `no registry "${name}" (have: memory); import '@micro/registry-${name}' first`),
      );
      expect(() => pluginNames(name)).toThrow(expect.objectContaining({ code: 'not_found' }));
    },
  );
});

test('plugins that need one another in a circle are refused, and the way is told', () => {
  defineKind('core-test-loop');
  definePlugin('core-test-loop', 'a', {
    package: '@test/loop',
    create: (_, made) => made?.plugin('registry') ?? {},
  });
  definePlugin('registry', 'core-test-one', {
    package: '@test/loop',
    create: (_, made) => {
      made?.plugin('core-test-loop');
      throw new Error('never reached');
    },
  });
  expect(() => service({ registry: 'core-test-one' }).plugin('core-test-loop')).toThrow(
    refusal('conflict', 'the core-test-loop needs itself: core-test-loop -> registry'),
  );
});

test('--help lists the flags of the plugins that are there, and of kinds without a backend no address', () => {
  const lines = helpText('greeter').split('\n');
  const flags = lines.flatMap((line) => /^ {2}--(\S+)/.exec(line)?.[1] ?? []);
  for (const one of ['registry', 'broker', 'transport']) {
    expect(flags).toContain(one);
    expect(flags).toContain(`${one}_address`);
  }
  expect(flags).toContain('codec');
  expect(flags).toContain('selector');
  expect(flags).not.toContain('codec_address');
  expect(flags).not.toContain('selector_address');
  expect(flags.at(-1)).toBe('help');
  expect(lines).toContainEqual(
    expect.stringMatching(/selector to use: hash, least-pending, peak-ewma, random, round-robin$/),
  );
  expect(() => readSettings({ env: {}, argv: ['--codec_address=x'] })).toThrow('unknown argument');
  expect(readSettings({ env: { MICRO_SELECTOR_ADDRESS: 'x' } }).plugins.selector).toBeUndefined();
});

/** A host that gives memory plugins. */
function host(): Host {
  const made = service({ registry: 'memory' });
  return {
    name: made.name,
    id: made.id,
    plugin: (wanted) => made.plugin(wanted as never),
    announce: () => Promise.reject(new Error('not here')),
    discover: () => Promise.reject(new Error('not here')),
  };
}
