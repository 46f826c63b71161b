import { afterAll, describe, test } from '@jest/globals';
import { runUnder, transportSuite } from '@micro/conformance';
import { grpcTransport } from '../src/index.ts';

runUnder({ describe, test, afterAll }, transportSuite, {
  name: 'grpc',
  features: grpcTransport().features,
  create: () => grpcTransport(),
  badAddress: 'nonsense',
  sockets: true,
});
