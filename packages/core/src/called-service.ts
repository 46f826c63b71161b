import { abortable } from './aborted.ts';
import { report } from './background.ts';
import { MicroError } from './errors.ts';
import { type Dial, Node, Nodes } from './nodes.ts';
import type { NodeRecord, RegistryChange } from './registry.ts';
import { backoffMs, pause, RetryBudget } from './retry.ts';
import type { Strategy } from './selector.ts';
import { applyChange, type Snapshot } from './snapshot.ts';

/** Where changes come from: a registry's watch, or one fixed list. */
export type Watch = (changed: (change: RegistryChange) => void, signal: AbortSignal) => Promise<void>;

/** What a client knows of one service that it calls: kept by watching, and kept on when the registry is lost. */
export class CalledService {
  readonly nodes: Nodes;
  readonly budget: RetryBudget = new RetryBudget();
  /** Set by every call, reset by the directory's sweep. */
  used = true;
  closed = false;
  /** The registry has answered once. */
  known = false;
  /** Why the registry could not answer, while it never has. */
  failure: unknown;
  private snapshot: Snapshot = [];
  private readonly waiting = new Set<() => void>();
  private readonly stopped = new AbortController();
  private readonly watching: Promise<void>;
  private readonly dial: Dial;

  constructor(name: string, strategy: Strategy, dial: Dial, watch: Watch) {
    this.nodes = new Nodes(name, strategy);
    this.dial = dial;
    this.watching = this.follow(watch);
  }

  /** Calls are under way, or wait for the registry. */
  get busy(): boolean {
    return this.waiting.size > 0 || this.nodes.all.some(({ pending }) => pending > 0);
  }

  /** Calls back, once and later, when the registry has answered or failed. The result takes that back. */
  whenKnown(callback: () => void): () => void {
    this.waiting.add(callback);
    return () => this.waiting.delete(callback);
  }

  /** The records, once the registry has answered; rejects when it cannot, or the signal aborts. */
  async records(signal: AbortSignal | undefined): Promise<Snapshot> {
    this.used = true;
    if (!this.known && this.failure === undefined) {
      let forget = (): unknown => undefined;
      const known = new Promise<void>((resolve) => {
        forget = this.whenKnown(resolve);
      });
      await abortable(known, signal).finally(forget);
    }
    if (this.known) return this.snapshot;
    throw new MicroError('unavailable', `the registry cannot be asked for "${this.nodes.service}"`, {
      cause: this.failure,
    });
  }

  /** Stops watching; calls under way end, or are ended by the limit, then their connections. */
  async close(limit?: AbortSignal): Promise<void> {
    this.closed = true;
    this.stopped.abort();
    await this.watching;
    const { all } = this.nodes;
    this.nodes.replace([]);
    this.failure ??= new MicroError('unavailable', 'the client is closed', { id: 'go.micro.client' });
    this.wake();
    await Promise.all(all.map((node) => node.retire(limit)));
  }

  private async follow(watch: Watch): Promise<void> {
    const { signal } = this.stopped;
    for (let attempt = 0; !signal.aborted; attempt++) {
      try {
        await watch((change) => {
          if (signal.aborted) return;
          if (attempt > 0) report('registry.watch_restored', this.nodes.service);
          attempt = 0;
          this.update(applyChange(this.snapshot, change, this.nodes.service));
        }, signal);
        if (!signal.aborted) throw new MicroError('unavailable', 'the watch ended');
      } catch (error) {
        if (signal.aborted) return;
        report('registry.watch_lost', this.nodes.service, error);
        this.failure = error;
        this.wake();
        await pause(backoffMs(attempt), signal);
      }
    }
  }

  private update(snapshot: Snapshot): void {
    if (snapshot !== this.snapshot) {
      const gone = new Map(this.nodes.all.map((node) => [node.id, node]));
      const nodes: Node[] = [];
      for (const { version, endpoints, nodes: records } of snapshot) {
        const names = Object.freeze(endpoints.map(({ name }) => name));
        for (const record of records) {
          const known = gone.get(record.id);
          if (known !== undefined && known.version === version && sameNode(known, record)) {
            gone.delete(record.id);
            nodes.push(known);
          } else {
            nodes.push(new Node(record, version, names, this.dial));
            report('node.added', `${this.nodes.service} ${record.id} ${record.address}`);
          }
        }
      }
      this.snapshot = snapshot;
      this.nodes.replace(nodes);
      for (const node of gone.values()) {
        report('node.removed', `${this.nodes.service} ${node.id} ${node.address}`);
        node.retire().catch((error: unknown) => report('transport.disconnected', node.address, error));
      }
    }
    this.known = true;
    this.failure = undefined;
    this.wake();
  }

  private wake(): void {
    const callbacks = [...this.waiting];
    this.waiting.clear();
    for (const callback of callbacks) callback();
  }
}

/** Labels count: calls are filtered by them, and connections are made with them. */
function sameNode(one: NodeRecord, other: NodeRecord): boolean {
  const keys = Object.keys(one.metadata);
  return (
    one.address === other.address &&
    keys.length === Object.keys(other.metadata).length &&
    keys.every((key) => one.metadata[key] === other.metadata[key])
  );
}
