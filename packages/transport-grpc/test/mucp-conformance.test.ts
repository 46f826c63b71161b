import { afterAll, describe, test } from '@jest/globals';
import { runUnder, transportSuite } from '@micro/conformance';
import type { Transport } from '@micro/core';
import { grpcTransport } from '../src/index.ts';

/** Ours on both sides, speaking as with nodes of go-micro's gRPC transport. */
function mucpTransport(): Transport {
  const transport = grpcTransport();
  const metadata = { transport: 'grpc', protocol: 'mucp' };
  return { ...transport, dial: (address, options) => transport.dial(address, { ...options, metadata }) };
}

runUnder({ describe, test, afterAll }, transportSuite, {
  name: "go-micro's gRPC transport",
  features: grpcTransport().features,
  create: mucpTransport,
  badAddress: 'nonsense',
  // of the 4 MiB that a message has, the headers take some
  maxBody: 3 * 1024 * 1024,
  sockets: true,
});
