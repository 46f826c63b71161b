import type { Transport } from '@micro/core';
import type { Suite } from '../suite.ts';
import { connectionFaults } from './connection-faults.ts';
import type { TransportFaultHarness } from './fault-harness.ts';
import { peerFaults } from './peer-faults.ts';

/** What a transport over TCP bears: peers that die, freeze and leave, connections that break, strangers. */
export const transportFaultSuite: Suite<TransportFaultHarness, Transport> = {
  kind: 'transport faults of',
  cases: [...peerFaults, ...connectionFaults],
};
