import { afterAll, describe, test } from '@jest/globals';
import {
  type Certificates,
  hasOpenssl,
  makeCertificates,
  runUnder,
  transportFaultSuite,
} from '@micro/conformance';
import { bundled } from '../../../testing/bundled.ts';
import { grpcTransport } from '../src/index.ts';

const peerFile = bundled(new URL('./peer.ts', import.meta.url));
let made: Certificates | undefined;
const certificates = (): Certificates => {
  made ??= makeCertificates();
  return made;
};

runUnder({ describe, test, afterAll }, transportFaultSuite, {
  name: 'grpc',
  features: grpcTransport().features,
  create: () => grpcTransport(),
  peerFile,
  tls: hasOpenssl
    ? {
        server: () => grpcTransport({ tls: certificates().server }),
        client: () => grpcTransport({ tls: { ca: certificates().authority.cert } }),
      }
    : undefined,
});
