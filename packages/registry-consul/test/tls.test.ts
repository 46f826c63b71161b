import { afterEach, describe, expect, test } from '@jest/globals';
import { certificateFiles, hasOpenssl, makeCertificates } from '@micro/conformance';
import type { Registry } from '@micro/core';
import { describeBackend } from '../../../scripts/backends/jest.mjs';
import { type ConsulOptions, consulRegistry } from '../src/index.ts';

const undo: (() => unknown)[] = [];
afterEach(async () => {
  for (const step of undo.splice(0).reverse()) await step();
});
function open(options: ConsulOptions): Registry {
  const registry = consulRegistry(options);
  undo.push(() => registry.close());
  return registry;
}

await describeBackend('consul', ({ start }) => {
  const onTls = hasOpenssl ? describe : describe.skip;
  onTls('with TLS', () => {
    test('trusts the authority it was given, shows its certificate, and refuses others', async () => {
      const certificates = makeCertificates();
      const { authority, caller, stranger } = certificates;
      const files = certificateFiles(certificates);
      undo.push(files.remove);
      const { addresses } = await start({ tls: files });
      const address = addresses.tls ?? '';
      const ours = open({ address, tls: { ca: authority.cert, ...caller } });
      expect(await ours.listServices()).toEqual(['consul']);
      const refusals: readonly ConsulOptions[] = [
        { address, tls: { ca: authority.cert } },
        { address, tls: { ca: stranger.cert, ...caller } },
        { address },
      ];
      for (const options of refusals) {
        await expect(open(options).listServices()).rejects.toMatchObject({ code: 'unavailable' });
      }
      await expect(open({ address }).listServices()).rejects.toThrow(/certificate|issuer/);
    });
  });
});
