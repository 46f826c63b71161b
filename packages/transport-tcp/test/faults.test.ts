import { afterAll, describe, test } from '@jest/globals';
import {
  type Certificates,
  hasOpenssl,
  makeCertificates,
  runUnder,
  transportFaultSuite,
} from '@micro/conformance';
import { bundled } from '../../../testing/bundled.ts';
import { tcpTransport } from '../src/index.ts';

const peerFile = bundled(new URL('./peer.ts', import.meta.url));
let made: Certificates | undefined;
const certificates = (): Certificates => {
  made ??= makeCertificates();
  return made;
};

runUnder({ describe, test, afterAll }, transportFaultSuite, {
  name: 'tcp',
  features: tcpTransport().features,
  create: () => tcpTransport(),
  peerFile,
  tls: hasOpenssl
    ? {
        server: () => tcpTransport({ tls: certificates().server }),
        client: () => tcpTransport({ tls: { ca: certificates().authority.cert } }),
      }
    : undefined,
});
