import type { Code, Registry, ServiceRecord } from '@micro/core';
import type { ServerHandle } from '../faults/server.ts';
import type { Case, Scope } from '../suite.ts';
import type { RegistryHarness } from './harness.ts';

/** The registry's real server, and what to break it with. */
export interface RegistryFaultHarness extends RegistryHarness {
  readonly server: ServerHandle;
  /** The port of 127.0.0.1 that a proxy is put in front of. */
  readonly port: number;
  /** An instance that reaches the server by this `host:port`. */
  createAt(address: string): Registry;
  /** How long the server stays away where it is stopped, in ms. @default 10000 */
  readonly outageMs?: number | undefined;
  /** An instance whose credentials the server refuses. */
  createRefused?(): Registry;
  /** What the server says then. */
  readonly refusal?: RegExp | undefined;
  /** A record that the server rejects, with the code for it and what the server says. */
  readonly rejected?: RejectedRecord | undefined;
  /** A process with a service of core's, of this name and with one node; resolves when that is registered. */
  startProcess?(name: string, ttlMs: number): Promise<ServiceProcess>;
  readonly crowd?: Crowd | undefined;
}

export interface Crowd {
  /** @default 1000 */
  readonly services?: number | undefined;
  /** Of each service. @default 10 */
  readonly nodes?: number | undefined;
  /** Services that one client watches at once. @default 1000 */
  readonly watched?: number | undefined;
  /** Puts the services there at once, where no single process could be so many. Resolves with what takes them out. */
  populate?(services: readonly ServiceRecord[]): Promise<() => Promise<void>>;
}

export interface RejectedRecord {
  readonly record: ServiceRecord;
  readonly code: Code;
  readonly reason: RegExp;
}

export interface ServiceProcess {
  /** SIGSTOP. */
  freeze(): void;
  /** SIGCONT. */
  thaw(): void;
  /** SIGKILL; resolves when it is gone. */
  kill(): Promise<void>;
}

export type RegistryFaultScope = Scope<RegistryFaultHarness, Registry>;
export type RegistryFaultCase = Case<RegistryFaultHarness, Registry>;
