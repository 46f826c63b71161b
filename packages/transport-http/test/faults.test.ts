import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, test } from '@jest/globals';
import {
  type Certificates,
  hasOpenssl,
  makeCertificates,
  runUnder,
  transportFaultSuite,
} from '@micro/conformance';
import { build } from 'esbuild';
import { httpTransport } from '../src/index.ts';

let folder = '';
let made: Certificates | undefined;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'transport-http-'));
  await build({
    entryPoints: [fileURLToPath(new URL('./peer.ts', import.meta.url))],
    outfile: join(folder, 'peer.mjs'),
    ...{ bundle: true, platform: 'node', format: 'esm', conditions: ['@micro/source'] },
  });
});
afterAll(() => rm(folder, { recursive: true }));
const certificates = (): Certificates => {
  made ??= makeCertificates();
  return made;
};

for (const frames of [false, undefined] as const) {
  runUnder({ describe, test, afterAll }, transportFaultSuite, {
    name: frames === false ? 'http' : 'http, which asks for frames',
    features: httpTransport().features,
    create: () => httpTransport({ frames }),
    peerFile: () => join(folder, 'peer.mjs'),
    tls: hasOpenssl
      ? {
          server: () => httpTransport({ frames, tls: certificates().server }),
          client: () => httpTransport({ frames, tls: { ca: certificates().authority.cert } }),
        }
      : undefined,
  });
}
