import { afterAll, describe, test } from '@jest/globals';
import { runUnder, transportSuite } from '@micro/conformance';
import { httpTransport } from '../src/index.ts';

const { features } = httpTransport();
const around = { features, badAddress: 'nonsense', sockets: true } as const;

runUnder({ describe, test, afterAll }, transportSuite, {
  name: 'http',
  ...around,
  create: () => httpTransport({ frames: false }),
});

runUnder({ describe, test, afterAll }, transportSuite, {
  name: 'http, which asks for frames',
  ...around,
  create: () => httpTransport(),
});

runUnder({ describe, test, afterAll }, transportSuite, {
  name: 'http with frames from the first byte',
  ...around,
  create() {
    const transport = httpTransport();
    // as the registry has it of a node that is ours
    return {
      ...transport,
      dial: (address, options) => transport.dial(address, { ...options, metadata: { frames: '1' } }),
    };
  },
});
