import { afterAll, describe, test } from '@jest/globals';
import { runUnder, transportSuite } from '@micro/conformance';
import { httpTransport } from '../src/index.ts';

runUnder({ describe, test, afterAll }, transportSuite, {
  name: 'http',
  features: httpTransport().features,
  create: () => httpTransport(),
  badAddress: 'nonsense',
  sockets: true,
});
