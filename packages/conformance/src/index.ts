export { type EventuallyOptions, eventually } from './eventually.ts';
export type { RegistryHarness } from './registry/harness.ts';
export { registrySuite } from './registry/suite.ts';
export { type Outcome, type RunOptions, runCase, runSuite } from './run.ts';
export { type Framework, runUnder, type TestFunction } from './run-under.ts';
export type { Case, Harness, Scope, Suite, Waiver } from './suite.ts';
