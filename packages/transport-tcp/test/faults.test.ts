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
import { tcpTransport } from '../src/index.ts';

let folder = '';
let made: Certificates | undefined;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'transport-tcp-'));
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

runUnder({ describe, test, afterAll }, transportFaultSuite, {
  name: 'tcp',
  features: tcpTransport().features,
  create: () => tcpTransport(),
  peerFile: () => join(folder, 'peer.mjs'),
  tls: hasOpenssl
    ? {
        server: () => tcpTransport({ tls: certificates().server }),
        client: () => tcpTransport({ tls: { ca: certificates().authority.cert } }),
      }
    : undefined,
});
