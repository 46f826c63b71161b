import { afterAll, describe, test } from '@jest/globals';
import { registrySuite, runUnder } from '@micro/conformance';
import { mdnsRegistry } from '../src/index.ts';
import { ownGroup } from './port.ts';

const group = await ownGroup();

runUnder({ describe, test, afterAll }, registrySuite, {
  name: 'mdns',
  features: mdnsRegistry().features,
  ttlMs: 1_000,
  create: () => mdnsRegistry(group),
  waivers: [
    {
      case: 'another instance finds a service with all that it was registered with',
      reason: 'one of its nodes has a unix address: DNS carries IP addresses and ports alone',
    },
    {
      case: 'registering the same object again makes anew what has expired',
      reason:
        'a node answers for itself: nobody else can take it out, so nothing is ever lost behind its back',
    },
  ],
});
