import type { Registry } from '@micro/core';
import type { Suite } from '../suite.ts';
import { crowdCases } from './crowd.ts';
import type { RegistryFaultHarness } from './fault-harness.ts';
import { processFaultCases } from './process-faults.ts';
import { refusalCases } from './refusals.ts';
import { serverFaultCases } from './server-faults.ts';

/** What a registry has to survive: the faults of a real server, of the network and of processes, and a crowd. */
export const registryFaultSuite: Suite<RegistryFaultHarness, Registry> = {
  kind: 'registry faults',
  cases: [...refusalCases, ...crowdCases, ...processFaultCases, ...serverFaultCases],
};
