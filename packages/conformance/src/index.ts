export type { BrokerFaultHarness } from './broker/fault-harness.ts';
export { brokerFaultSuite } from './broker/fault-suite.ts';
export type { BrokerHarness } from './broker/harness.ts';
export { runMember } from './broker/member.ts';
export { brokerSuite } from './broker/suite.ts';
export type { CodecHarness, CodecSample } from './codec/harness.ts';
export { codecSuite } from './codec/suite.ts';
export { type EventuallyOptions, eventually } from './eventually.ts';
export { rejects } from './expectations.ts';
export {
  type CertificateFiles,
  type Certificates,
  certificateFiles,
  hasOpenssl,
  makeCertificates,
} from './faults/certificates.ts';
export { type CutProxy, cutProxy } from './faults/cut-proxy.ts';
export type { ServerHandle } from './faults/server.ts';
export { testHost } from './host.ts';
export type {
  Crowd,
  RegistryFaultHarness,
  RejectedRecord,
  ServiceProcess,
} from './registry/fault-harness.ts';
export { registryFaultSuite } from './registry/faults.ts';
export type { RegistryHarness } from './registry/harness.ts';
export { runServiceProcess } from './registry/service-process.ts';
export { registrySuite } from './registry/suite.ts';
export { type Outcome, type RunOptions, runCase, runSuite } from './run.ts';
export { type Framework, runUnder, type TestFunction } from './run-under.ts';
export type { SelectorHarness, SelectorTrait } from './selector/harness.ts';
export { selectorSuite } from './selector/suite.ts';
export type { Case, Harness, Scope, Suite, Waiver } from './suite.ts';
export { type TransportBackendHarness, transportBackendFaultSuite } from './transport/backend-faults.ts';
export type { TransportFaultHarness } from './transport/fault-harness.ts';
export { transportFaultSuite } from './transport/fault-suite.ts';
export type { TransportHarness } from './transport/harness.ts';
export { runPeer } from './transport/peer.ts';
export { transportSuite } from './transport/suite.ts';
