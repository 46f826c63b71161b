import type { Broker } from '@micro/core';
import type { Suite } from '../suite.ts';
import type { BrokerFaultHarness } from './fault-harness.ts';
import { memberFaults } from './member-faults.ts';
import { outageFaults } from './outage-faults.ts';

/** What a broker bears on its real server: outages, cuts, dead and frozen and slow subscribers, refusals. */
export const brokerFaultSuite: Suite<BrokerFaultHarness, Broker> = {
  kind: 'broker faults of',
  cases: [...outageFaults, ...memberFaults],
};
