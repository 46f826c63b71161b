import type { Broker, Code, Message } from '@micro/core';
import type { ServerHandle } from '../faults/server.ts';
import type { Case, Scope } from '../suite.ts';
import type { BrokerHarness } from './harness.ts';

/** What faults are made with: a real server that can be ended and frozen, and subscribers in processes of their own. */
export interface BrokerFaultHarness extends BrokerHarness {
  readonly server: () => ServerHandle;
  /** Where the server listens, on 127.0.0.1. */
  readonly port: () => number;
  /** An instance that goes to this port of 127.0.0.1 instead. */
  createAt?(port: number): Broker;
  /** Where a proxy has to stand: for a server that tells its clients where to go (Kafka). @default any port */
  readonly proxyPort?: (() => number) | undefined;
  /** What the module of members gets as its address. */
  readonly address: () => string;
  /** A module that calls `runMember`, as JavaScript. */
  readonly memberFile: () => string;
  /** An instance with credentials that the server refuses, and the server's words for it. */
  readonly refused?:
    | { readonly create: () => Broker; readonly code: Code; readonly reason: RegExp }
    | undefined;
  /** Messages that the server, or its limits, do not admit, and its words for each. */
  readonly rejected?: readonly Rejection[] | undefined;
  /** How long until what a frozen or dead member had is another's, in ms. @default 10000 */
  readonly takeoverMs?: number | undefined;
  /** How old a queue must be to survive a SIGKILL of its server, in ms: RabbitMQ notes new ones a second later. @default 0 */
  readonly settledMs?: number | undefined;
  /** Events of the great case. @default 100000 */
  readonly events?: number | undefined;
  /** Told figures: duplicates, times. */
  note?(text: string): void;
}

interface Rejection {
  readonly topic: string;
  readonly message: Message;
  readonly code: Code;
  readonly reason: RegExp;
}

export type BrokerFaultScope = Scope<BrokerFaultHarness, Broker>;
export type BrokerFaultCase = Case<BrokerFaultHarness, Broker>;
