import { describe, expect, test } from '@jest/globals';
import { type ConsulOptions, consulRegistry } from '../src/index.ts';
import { settingsOf } from '../src/options.ts';

describe('options', () => {
  test('the address is a URL, or host and port', () => {
    expect(settingsOf()).toMatchObject({ host: '127.0.0.1', port: 8500, tls: undefined });
    expect(settingsOf({ address: ['https://[::1]:8501/'] })).toMatchObject({
      host: '::1',
      port: 8501,
      tls: {},
    });
  });

  const senseless: readonly ConsulOptions[] = [
    { address: [] },
    { address: ['a:1', 'b:1'] },
    { address: 'unix:/tmp/consul' },
    { timeoutMs: 0 },
    { waitMs: 1 },
    { deregisterAfterMs: 0 },
    { check: { type: 'tcp', intervalMs: 0 } },
    { tags: ['t=mine'] },
  ];
  test.each(senseless)('%j makes no sense', (options) => {
    expect(() => consulRegistry(options)).toThrow(expect.objectContaining({ code: 'bad_request' }));
  });
});
