import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { isMicroError } from '../src/index.ts';
import { helpText, readSettings } from '../src/settings.ts';
import { service } from './fleet.ts';

const refused = (what: string) =>
  expect.objectContaining({ code: 'bad_request', message: expect.stringContaining(what) });
const read = (env: Record<string, string>, ...argv: string[]) => readSettings({ env, argv });

describe('settings', () => {
  test('every variable, and the flag that says the same and wins', () => {
    const env = {
      MICRO_SERVER_NAME: 'n',
      MICRO_SERVER_VERSION: '1',
      MICRO_SERVER_ID: 'i',
      MICRO_SERVER_ADDRESS: ':1',
      MICRO_SERVER_ADVERTISE: 'a:1',
      MICRO_SERVER_METADATA: 'k=v, k2=a=b',
      MICRO_REGISTER_TTL: '60',
      MICRO_REGISTER_INTERVAL: '1.5',
      MICRO_CLIENT_REQUEST_TIMEOUT: '2s',
      MICRO_CLIENT_RETRIES: '0',
      MICRO_REGISTRY: 'consul',
      MICRO_REGISTRY_ADDRESS: 'a:1, b:2',
      MICRO_BROKER_ADDRESS: 'c:3',
    };
    const settings = read(env);
    expect(settings).toMatchObject({
      ...{ name: 'n', version: '1', id: 'i', address: ':1', advertise: 'a:1' },
      ...{ metadata: { k: 'v', k2: 'a=b' }, registerTtlMs: 60_000, registerIntervalMs: 1_500 },
      ...{ timeoutMs: 2_000, retries: 0, help: false },
      plugins: {
        registry: { name: 'consul', address: ['a:1', 'b:2'] },
        broker: { name: undefined, address: 'c:3' },
        transport: undefined,
      },
    });
    for (const variable of Object.keys(env)) {
      const flag = variable.slice('MICRO_'.length).toLowerCase();
      const other = variable.endsWith('METADATA') ? 'x=y' : '9';
      const spellings = [
        [`--${flag}`, other],
        [`--${flag}=${other}`],
        [`-${flag}=${other}`],
        [`--${flag.replaceAll('_', '-')}`, other],
      ];
      const expected = read({ ...env, [variable]: other });
      for (const argv of spellings) expect(read(env, ...argv)).toEqual(expected);
      expect(expected).not.toEqual(settings);
    }
  });

  test('nothing said is nothing set; an empty variable says nothing', () => {
    const nothing = read({});
    expect(nothing).toMatchObject({ name: undefined, retries: undefined, metadata: undefined, help: false });
    expect(read({ MICRO_SERVER_NAME: '', MICRO_CLIENT_RETRIES: '', MICRO_REGISTRY: '' })).toEqual(nothing);
  });

  test.each([
    ['500ms', 500],
    ['5s', 5_000],
    ['1.5m', 90_000],
    ['250', 250],
    ['0', 0],
  ])('a time may be written %s', (text, timeoutMs) => {
    expect(read({ MICRO_CLIENT_REQUEST_TIMEOUT: text }).timeoutMs).toBe(timeoutMs);
  });

  test.each([
    ['MICRO_CLIENT_REQUEST_TIMEOUT', 'soon'],
    ['MICRO_CLIENT_REQUEST_TIMEOUT', '-5s'],
    ['MICRO_CLIENT_REQUEST_TIMEOUT', '5 s'],
    ['MICRO_CLIENT_RETRIES', 'many'],
    ['MICRO_CLIENT_RETRIES', '-1'],
    ['MICRO_CLIENT_RETRIES', '1.5'],
    ['MICRO_CLIENT_RETRIES', '1e3'],
    ['MICRO_REGISTER_TTL', '30s'],
    ['MICRO_REGISTER_TTL', 'NaN'],
    ['MICRO_SERVER_METADATA', 'zone'],
    ['MICRO_SERVER_METADATA', '=a'],
  ])('%s=%s is refused by name and value', (name, value) => {
    expect(() => read({ [name]: value })).toThrow(refused(name));
    expect(() => read({ [name]: value })).toThrow(refused(value));
  });

  test.each([
    ['--nope'],
    ['--nope=1'],
    ['--'],
    ['-'],
    [''],
    ['stray'],
    ['--__proto__=1'],
    ['--constructor', '1'],
  ])('the argument %s is unknown, and says so', (...argv) => {
    expect(() => read({}, ...argv)).toThrow(refused(`unknown argument "${argv[0]}": see --help`));
  });

  test('a flag without its value is refused', () => {
    expect(() => read({}, '--server_name')).toThrow(refused('--server_name needs a value'));
  });

  test('metadata cannot reach a prototype', () => {
    const { metadata } = read({ MICRO_SERVER_METADATA: '__proto__=evil,constructor=x' });
    expect(Object.getPrototypeOf(metadata)).not.toBe('evil');
    expect(Object.keys(metadata ?? {})).toEqual(['__proto__', 'constructor']);
    expect(Reflect.get({}, 'evil')).toBeUndefined();
  });

  test('whatever environment and arguments are, they are read or refused with bad_request', () => {
    const names = ['MICRO_SERVER_METADATA', 'MICRO_CLIENT_RETRIES', 'MICRO_REGISTER_TTL', 'MICRO_REGISTRY'];
    const flags = ['--help', '-h', '--server_name', '--registry=', '--client-retries', '='];
    const env = fc.dictionary(fc.oneof(fc.constantFrom(...names), fc.string()), fc.string());
    const argv = fc.array(fc.oneof(fc.constantFrom(...flags), fc.string()), { maxLength: 6 });
    fc.assert(
      fc.property(env, argv, (variables, args) => {
        try {
          const settings = readSettings({ env: variables, argv: args });
          expect(settings.retries === undefined || Number.isSafeInteger(settings.retries)).toBe(true);
        } catch (error) {
          if (!isMicroError(error, 'bad_request')) throw error;
        }
      }),
      { numRuns: 2_000 },
    );
  });

  test('help names every flag and every variable', () => {
    const text = helpText('greeter');
    for (const flag of [
      'server_name',
      'server_metadata',
      'register_ttl',
      'client_retries',
      'registry',
      'broker_address',
    ])
      expect(text).toContain(`--${flag} <value>`);
    expect(text).toContain('MICRO_REGISTRY_ADDRESS');
    expect(text).toContain('registry to use: memory');
    expect(read({}, '--help').help).toBe(true);
    expect(read({}, '-h').help).toBe(true);
  });

  test('options of the program win over flags and variables', () => {
    const made = service({
      ...{ name: 'mine', version: '2', id: 'x' },
      ...{ env: { MICRO_SERVER_NAME: 'env' }, argv: ['--server_version', '9', '--server_id=9'] },
    });
    expect([made.name, made.version, made.id]).toEqual(['mine', '2', 'x']);
    const other = service({
      name: undefined,
      env: { MICRO_SERVER_NAME: 'env' },
      argv: ['--server_version=9'],
    });
    expect([other.name, other.version]).toEqual(['env', '9']);
  });

  test('a service needs a name', () => {
    expect(() => service({ name: undefined })).toThrow(refused('MICRO_SERVER_NAME'));
  });
});
