import { describe, expect, test } from '@jest/globals';
import {
  type Codec,
  definePlugin,
  type Host,
  jsonCodec,
  memoryRegistry,
  type Registry,
  type ServiceOptions,
} from '../src/index.ts';
import { service } from './fleet.ts';

interface OwnOptions {
  readonly address?: string | readonly string[] | undefined;
  readonly label?: string | undefined;
}
declare module '../src/index.ts' {
  interface RegistryPlugins {
    'core-test-one': OwnOptions;
    'core-test-two': OwnOptions;
  }
  interface CodecPlugins {
    'core-test-shout': undefined;
  }
}

interface Made extends Registry {
  readonly options: OwnOptions | undefined;
  readonly host: Host | undefined;
}
let broken = false;
const maker =
  (name: string) =>
  (options: OwnOptions | undefined, host: Host | undefined): Made => {
    if (broken) throw new TypeError('not yet');
    return { ...memoryRegistry(), name, options, host };
  };
function registryOf(options: Partial<ServiceOptions>): Made {
  return service(options).plugin('registry') as Made;
}
const refusal = (code: string, message: string) => expect.objectContaining({ code, message });

// In their order: the table belongs to the process, and what is imported stays
describe('which plugin is used', () => {
  test('memory, when nothing was imported or chosen', () => {
    expect(registryOf({}).name).toBe('memory');
  });

  test('the only one imported, without being named', () => {
    definePlugin('registry', 'core-test-one', { package: '@test/one', create: maker('one') });
    expect(registryOf({}).name).toBe('one');
  });

  test('the one the environment names, over the one imported', () => {
    expect(registryOf({ env: { MICRO_REGISTRY: 'memory' } }).name).toBe('memory');
  });

  test('the one a flag names, over the environment', () => {
    const env = { MICRO_REGISTRY: 'memory' };
    expect(registryOf({ env, argv: ['--registry', 'core-test-one'] }).name).toBe('one');
  });

  test('the one an option names, over flags and environment, in all three forms', () => {
    const outside = { env: { MICRO_REGISTRY: 'core-test-one' }, argv: ['--registry=core-test-one'] };
    expect(registryOf({ ...outside, registry: 'memory' }).name).toBe('memory');
    expect(registryOf({ ...outside, registry: { memory: {} } }).name).toBe('memory');
    const mine = maker('mine')(undefined, undefined);
    expect(registryOf({ ...outside, registry: mine })).toBe(mine);
    expect(registryOf({ registry: { 'core-test-one': { label: 'x' } } }).options).toEqual({ label: 'x' });
  });

  test('two imported and none chosen is an error that names both and says how to choose', async () => {
    definePlugin('registry', 'core-test-two', { package: '@test/two', create: maker('two') });
    const both = refusal(
      'conflict',
      'registry "core-test-one" (@test/one) and "core-test-two" (@test/two) are imported: ' +
        'choose one, with the option registry or MICRO_REGISTRY',
    );
    expect(() => registryOf({})).toThrow(both);
    await expect(service({}).start()).rejects.toEqual(both);
    expect(registryOf({ env: { MICRO_REGISTRY: 'core-test-two' } }).name).toBe('two');
    expect(registryOf({ registry: 'core-test-one' }).name).toBe('one');
  });

  const unknownNames: readonly (readonly [string, Partial<ServiceOptions>])[] = [
    ['a variable', { env: { MICRO_REGISTRY: 'consull' } }],
    ['a flag', { argv: ['--registry=consull'] }],
    // @ts-expect-error no such plugin: the compiler says so before
    ['an option', { registry: 'consull' }],
  ];
  test.each(unknownNames)(
    'a name that nobody registered, in %s, is an error that lists what is there',
    async (_, options) => {
      const unknown = refusal(
        'not_found',
        'no registry "consull" (have: core-test-one, core-test-two, memory); ' +
          "import '@micro/registry-consull' first",
      );
      expect(() => registryOf(options)).toThrow(unknown);
      await expect(service(options).start()).rejects.toEqual(unknown);
    },
  );

  test.each([['consull'], ['__proto__'], ['constructor']])(
    'options under the name "%s" that nobody registered are no instance',
    (name) => {
      const registry = JSON.parse(`{"${name}":{"address":"x"}}`) as Registry;
      expect(() => registryOf({ registry })).toThrow(
        refusal(
          'not_found',
          `no registry "${name}" (have: core-test-one, core-test-two, memory); import its package first`,
        ),
      );
    },
  );

  test('what went wrong in making it is not remembered', () => {
    const made = service({ registry: { 'core-test-two': { label: 'x' } } });
    broken = true;
    expect(() => made.plugin('registry')).toThrow('not yet');
    broken = false;
    const registry = made.plugin('registry');
    expect(registry.name).toBe('two');
    expect(made.plugin('registry')).toBe(registry);
  });
});

describe('the address from outside', () => {
  const env = { MICRO_REGISTRY: 'core-test-one', MICRO_REGISTRY_ADDRESS: 'a:1' };

  test('goes to the plugin, one or several', () => {
    expect(registryOf({ env }).options).toEqual({ address: 'a:1' });
    const several = { ...env, MICRO_REGISTRY_ADDRESS: 'a:1, b:2' };
    expect(registryOf({ env: several }).options).toEqual({ address: ['a:1', 'b:2'] });
    expect(registryOf({ env, argv: ['--registry_address', 'c:3'] }).options).toEqual({ address: 'c:3' });
  });

  test('goes to the plugin that an option names, which may say another', () => {
    const only = { MICRO_REGISTRY_ADDRESS: 'a:1' };
    const named = { label: 'x', address: 'a:1' };
    expect(registryOf({ env: only, registry: 'core-test-two' }).options).toEqual({ address: 'a:1' });
    expect(registryOf({ env: only, registry: { 'core-test-two': { label: 'x' } } }).options).toEqual(named);
    expect(registryOf({ env: only, registry: { 'core-test-two': { address: 'b:2' } } }).options).toEqual({
      address: 'b:2',
    });
  });

  test('does not go to another plugin than the one named beside it', () => {
    expect(registryOf({ env, registry: 'core-test-two' }).options).toBeUndefined();
    expect(registryOf({ env, registry: { 'core-test-two': {} } }).options).toEqual({});
  });
});

test('a plugin is told who makes it, and may ask for the others', async () => {
  const made = service({ name: 'me', id: 'x', registry: 'core-test-one' });
  const { host } = made.plugin('registry') as Made;
  expect([host?.name, host?.id]).toEqual(['me', 'x']);
  expect(host?.plugin('transport')).toBe(made.plugin('transport'));
  await made.stop();
});

test('a codec that is imported is spoken, and not chosen', async () => {
  const shout: Codec = { ...jsonCodec(), name: 'core-test-shout', contentTypes: ['text/shout'] };
  definePlugin('codec', 'core-test-shout', { package: '@test/shout', create: () => shout });
  expect(service({}).plugin('codec').name).toBe('json');
  expect(service({ env: { MICRO_CODEC: 'core-test-shout' } }).plugin('codec')).toBe(shout);
});
