import { report } from './background.ts';
import { now } from './clock.ts';
import type { Metadata } from './metadata.ts';
import { offAbort, onAbort } from './on-abort.ts';
import type { NodeRecord } from './registry.ts';
import type { Candidate, NodeFilter, Strategy } from './selector.ts';
import type { Connection } from './transport.ts';

/** Makes the connection to a node; free until it is used. */
export type Dial = (address: string, metadata: Metadata) => Connection;

/** A node while it lives: what calls have taught, and the connection to it. */
export class Node implements Candidate {
  readonly id: string;
  readonly address: string;
  readonly version: string;
  readonly metadata: Metadata;
  readonly endpoints: readonly string[];
  pending = 0;
  latencyMs = 0;
  /** When it may be tried again, on the clock of `now()`; 0: it is not out. */
  outUntil = 0;
  /** How often in a row it was put out; doubles the time it stays. */
  strikes = 0;
  /** Calls in a row that ended by their deadline. */
  timeouts = 0;
  /** It is out, and one call tries whether it is back. */
  trying = false;
  private dialled: Connection | undefined;
  private readonly dial: Dial;

  constructor(record: NodeRecord, version: string, endpoints: readonly string[], dial: Dial) {
    this.endpoints = endpoints;
    this.id = record.id;
    this.address = record.address;
    this.version = version;
    this.metadata = record.metadata;
    this.dial = dial;
  }

  get connection(): Connection {
    this.dialled ??= this.dial(this.address, this.metadata);
    return this.dialled;
  }

  /** Lets calls under way end, until the limit aborts, then frees the connection. */
  async retire(limit?: AbortSignal): Promise<void> {
    const { dialled } = this;
    if (dialled === undefined) return;
    const destroy = (): void => dialled.destroy();
    const closing = dialled.close();
    if (limit !== undefined) onAbort(limit, destroy);
    if (limit?.aborted) destroy();
    try {
      await closing;
    } finally {
      if (limit !== undefined) offAbort(limit, destroy);
    }
  }
}

const firstOutMs = 1_000;
const longestOutMs = 30_000;
const none: readonly Node[] = Object.freeze([]);

/**
 * The nodes of one service. A node that refuses or loses connections is out at once, and comes back by a single
 * trial call; being out alone never leaves nothing to choose from.
 */
export class Nodes {
  readonly service: string;
  all: readonly Node[] = none;
  private usable: readonly Node[] = none;
  private nextTrial = Number.POSITIVE_INFINITY;
  private readonly strategy: Strategy;
  private filtered = new WeakMap<
    NodeFilter,
    { readonly of: readonly Node[]; readonly kept: readonly Node[] }
  >();

  constructor(service: string, strategy: Strategy) {
    this.service = service;
    this.strategy = strategy;
  }

  /** Whether reply times are worth a reading of the clock. */
  get observesLatency(): boolean {
    return this.strategy.observesLatency === true;
  }

  replace(nodes: readonly Node[]): void {
    this.all = Object.freeze(nodes);
    this.refresh();
  }

  /** A node for the next attempt; undefined when there is none at all, or none that the filter keeps. */
  pick(
    filter: NodeFilter | undefined,
    key: string | undefined,
    tried: readonly (Node | undefined)[] | undefined,
  ): Node | undefined {
    if (this.nextTrial !== Number.POSITIVE_INFINITY && now() >= this.nextTrial) {
      const trial = this.trial(filter);
      if (trial !== undefined && this.takesCalls(trial)) return trial;
    }
    let nodes = this.usable;
    if (filter !== undefined) nodes = this.keep(nodes, filter);
    if (tried !== undefined) {
      const untried = nodes.filter((node) => !tried.includes(node));
      if (untried.length > 0) nodes = untried;
    }
    if (nodes.length === 0) return undefined;
    const node = nodes.length === 1 ? (nodes[0] as Node) : (this.strategy.pick(nodes, key) as Node);
    if (node.outUntil !== 0 || this.takesCalls(node)) return node;
    return this.usable.includes(node) ? node : this.pick(filter, key, tried);
  }

  /**
   * The node failed a call that nobody answered, or says that it is going. Once each time: of many calls that
   * are lost with one connection the first counts.
   */
  putOut(node: Node, reason: unknown): void {
    if (node.outUntil > now() && !node.trying) return;
    const outMs = Math.min(firstOutMs * 2 ** node.strikes, longestOutMs);
    node.strikes++;
    node.trying = false;
    const first = node.outUntil === 0;
    // Jittered, so that the callers of a fleet do not all try in the same moment
    node.outUntil = now() + outMs * (0.75 + Math.random() / 2);
    if (first) report('node.ejected', `${this.service} ${node.id} ${node.address}`, reason);
    this.refresh();
  }

  /** The node answered. Called only when it had failed before. */
  restore(node: Node): void {
    node.strikes = node.timeouts = 0;
    node.trying = false;
    if (node.outUntil === 0) return;
    node.outUntil = 0;
    report('node.restored', `${this.service} ${node.id} ${node.address}`);
    this.refresh();
  }

  private trial(filter: NodeFilter | undefined): Node | undefined {
    const time = now();
    const node = this.all.find(
      (one) => one.outUntil !== 0 && one.outUntil <= time && (filter === undefined || filter(one)),
    );
    if (node === undefined) return undefined;
    node.outUntil = time + firstOutMs; // one call at a time tries
    node.trying = true;
    this.refresh();
    return node;
  }

  /** Puts a node out that is going, or whose address cannot be read: records come from the network. */
  private takesCalls(node: Node): boolean {
    try {
      if (node.connection.state !== 'leaving') return true;
      this.putOut(node, 'leaving');
    } catch (error) {
      this.putOut(node, error);
    }
    return false;
  }

  private refresh(): void {
    this.nextTrial = this.all.reduce(
      (earliest, node) => (node.outUntil === 0 ? earliest : Math.min(earliest, node.outUntil)),
      Number.POSITIVE_INFINITY,
    );
    const usable =
      this.nextTrial === Number.POSITIVE_INFINITY ? this.all : this.all.filter((node) => node.outUntil === 0);
    this.usable = usable.length === 0 ? this.all : Object.freeze(usable);
  }

  private keep(nodes: readonly Node[], filter: NodeFilter): readonly Node[] {
    const known = this.filtered.get(filter);
    if (known?.of === nodes) return known.kept;
    let kept = nodes.filter(filter);
    if (kept.length === 0) kept = this.all.filter(filter);
    this.filtered.set(filter, { of: nodes, kept: Object.freeze(kept) });
    return kept;
  }
}
