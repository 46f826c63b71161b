import { report } from './background.ts';
import { MicroError } from './errors.ts';
import type { Announcement } from './plugins.ts';
import type { Registry, ServiceRecord } from './registry.ts';
import { backoffMs, bounded, pause, persist } from './retry.ts';

const longestWaitMs = 10_000;
/** What a withdrawal in a hurry may take: one request to a registry that answers. */
const hurriedMs = 1_000;

/** An announcement whose withdrawal can be told to hurry. */
export interface Registration extends Announcement {
  withdraw(hurry?: AbortSignal): Promise<void>;
}

/** Keeps records registered: renews at a third of their ttl, jittered, and registers anew what was lost. */
export class Registrar {
  private readonly registry: () => Registry;
  private readonly ttlMs: number;
  private readonly intervalMs: number;
  private readonly waitMs: number;
  private readonly announced = new Set<Announced>();

  /** `intervalMs`: time between renewals. @default a third of `ttlMs`. `waitMs`: for the registry to answer. */
  constructor(
    registry: () => Registry,
    ttlMs: number,
    intervalMs: number = ttlMs / 3,
    waitMs: number = longestWaitMs,
  ) {
    if (!(intervalMs > 0 && intervalMs < ttlMs)) {
      throw new MicroError(
        'bad_request',
        `a registration that lives ${ttlMs} ms cannot be renewed every ${intervalMs} ms`,
      );
    }
    this.registry = registry;
    this.ttlMs = ttlMs;
    this.intervalMs = intervalMs;
    this.waitMs = waitMs;
  }

  /** Whether the registry has all records, as far as the last renewal could tell. */
  get registered(): boolean {
    return [...this.announced].every((one) => one.registered);
  }

  /** Resolves when the record is registered. Rejects, with it undone, when the signal aborts or 10 s have passed. */
  async announce(record: ServiceRecord, signal?: AbortSignal): Promise<Registration> {
    const one = new Announced(this.registry(), record, this.ttlMs, this.intervalMs, this.waitMs);
    await one.start(signal);
    this.announced.add(one);
    return {
      withdraw: async (hurry) => {
        this.announced.delete(one);
        await one.withdraw(hurry);
      },
    };
  }
}

const never: AbortSignal = new AbortController().signal;

class Announced {
  registered = false;
  private readonly registry: Registry;
  private readonly record: ServiceRecord;
  private readonly ttlMs: number;
  private readonly intervalMs: number;
  private readonly waitMs: number;
  private readonly stopped = new AbortController();
  private renewing: Promise<void> = Promise.resolve();

  constructor(registry: Registry, record: ServiceRecord, ttlMs: number, intervalMs: number, waitMs: number) {
    this.waitMs = waitMs;
    this.registry = registry;
    this.record = record;
    this.ttlMs = ttlMs;
    this.intervalMs = intervalMs;
  }

  async start(signal: AbortSignal | undefined): Promise<void> {
    const stop = (): void => this.stopped.abort(signal?.reason);
    signal?.addEventListener('abort', stop, { once: true });
    if (signal?.aborted) stop();
    try {
      await persist(() => this.register(), this.waitMs, this.stopped.signal);
    } catch (error) {
      await this.withdraw(signal); // what was rejected may have taken effect
      throw error;
    } finally {
      signal?.removeEventListener('abort', stop);
    }
    report('registry.registered', this.record.name);
    this.renewing = this.renew();
  }

  async withdraw(hurry: AbortSignal = never): Promise<void> {
    this.stopped.abort();
    await this.renewing;
    const [limitMs, signal] = hurry.aborted ? [hurriedMs, never] : [this.waitMs, hurry];
    try {
      await bounded(limitMs, signal, (limit) => this.registry.deregister(this.record, { signal: limit }));
      report('registry.deregistered', this.record.name);
    } catch (error) {
      report('registry.register_failed', this.record.name, error); // its ttl takes it out
    }
  }

  private async renew(): Promise<void> {
    const { signal } = this.stopped;
    let failures = 0;
    await pause(this.jittered(), signal);
    while (!signal.aborted) {
      try {
        await this.register();
        failures = 0;
      } catch (error) {
        failures++;
        this.registered = false;
        if (!signal.aborted) report('registry.register_failed', this.record.name, error);
      }
      await pause(
        failures === 0 ? this.jittered() : Math.min(backoffMs(failures) + 50, this.intervalMs),
        signal,
      );
    }
  }

  private async register(): Promise<void> {
    const waitMs = Math.min(this.waitMs, Math.max(1_000, this.intervalMs));
    await bounded(waitMs, this.stopped.signal, (signal) =>
      this.registry.register(this.record, { ttlMs: this.ttlMs, signal }),
    );
    this.registered = true;
  }

  private jittered(): number {
    return this.intervalMs * (0.9 + Math.random() * 0.1);
  }
}
