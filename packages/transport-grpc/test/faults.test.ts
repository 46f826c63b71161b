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
import { grpcTransport } from '../src/index.ts';

let folder = '';
let made: Certificates | undefined;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'transport-grpc-'));
  await build({
    entryPoints: [fileURLToPath(new URL('./peer.ts', import.meta.url))],
    outfile: join(folder, 'peer.mjs'),
    ...{ bundle: true, platform: 'node', format: 'esm', conditions: ['@micro/source'] },
    // grpc-js is CommonJS, and asks for Node's modules by require
    banner: { js: "import{createRequire}from'node:module';const require=createRequire(import.meta.url);" },
  });
});
afterAll(() => rm(folder, { recursive: true }));
const certificates = (): Certificates => {
  made ??= makeCertificates();
  return made;
};

runUnder({ describe, test, afterAll }, transportFaultSuite, {
  name: 'grpc',
  features: grpcTransport().features,
  create: () => grpcTransport(),
  peerFile: () => join(folder, 'peer.mjs'),
  tls: hasOpenssl
    ? {
        server: () => grpcTransport({ tls: certificates().server }),
        client: () => grpcTransport({ tls: { ca: certificates().authority.cert } }),
      }
    : undefined,
});
