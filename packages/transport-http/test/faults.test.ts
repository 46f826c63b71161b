import { afterAll, describe, test } from '@jest/globals';
import {
  type Certificates,
  hasOpenssl,
  makeCertificates,
  runUnder,
  transportFaultSuite,
} from '@micro/conformance';
import { bundled } from '../../../testing/bundled.ts';
import { httpTransport } from '../src/index.ts';

const peerFile = bundled(new URL('./peer.ts', import.meta.url));
let made: Certificates | undefined;
const certificates = (): Certificates => {
  made ??= makeCertificates();
  return made;
};

for (const frames of [false, undefined] as const) {
  runUnder({ describe, test, afterAll }, transportFaultSuite, {
    name: frames === false ? 'http' : 'http, which asks for frames',
    features: httpTransport().features,
    create: () => httpTransport({ frames }),
    peerFile,
    tls: hasOpenssl
      ? {
          server: () => httpTransport({ frames, tls: certificates().server }),
          client: () => httpTransport({ frames, tls: { ca: certificates().authority.cert } }),
        }
      : undefined,
  });
}
