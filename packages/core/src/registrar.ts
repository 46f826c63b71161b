import { report } from './background.ts';
import { MicroError } from './errors.ts';
import type { Announcement } from './plugins.ts';
import type { Registry, ServiceRecord } from './registry.ts';
import { backoffMs, pause, persist } from './retry.ts';

const longestWaitMs = 10_000;

/** Keeps records registered: renews at a third of their ttl, jittered, and registers anew what was lost. */
export class Registrar {
  private readonly registry: () => Registry;
  private readonly ttlMs: number;
  private readonly intervalMs: number;
  private readonly announced = new Set<Announced>();

  /** `intervalMs`: time between renewals. @default a third of `ttlMs` */
  constructor(registry: () => Registry, ttlMs: number, intervalMs: number = ttlMs / 3) {
    if (!(intervalMs > 0 && intervalMs < ttlMs)) {
      throw new MicroError(
        'bad_request',
        `a registration that lives ${ttlMs} ms cannot be renewed every ${intervalMs} ms`,
      );
    }
    this.registry = registry;
    this.ttlMs = ttlMs;
    this.intervalMs = intervalMs;
  }

  /** Whether the registry has all records, as far as the last renewal could tell. */
  get registered(): boolean {
    return [...this.announced].every((one) => one.registered);
  }

  /** Resolves when the record is registered. Rejects when that does not succeed within 10 s. */
  async announce(record: ServiceRecord): Promise<Announcement> {
    const one = new Announced(this.registry(), record, this.ttlMs, this.intervalMs);
    await one.start();
    this.announced.add(one);
    return {
      withdraw: async () => {
        this.announced.delete(one);
        await one.withdraw();
      },
    };
  }
}

class Announced {
  registered = false;
  private readonly registry: Registry;
  private readonly record: ServiceRecord;
  private readonly ttlMs: number;
  private readonly intervalMs: number;
  private readonly stopped = new AbortController();
  private renewing: Promise<void> = Promise.resolve();

  constructor(registry: Registry, record: ServiceRecord, ttlMs: number, intervalMs: number) {
    this.registry = registry;
    this.record = record;
    this.ttlMs = ttlMs;
    this.intervalMs = intervalMs;
  }

  async start(): Promise<void> {
    try {
      await persist(() => this.register(), longestWaitMs, this.stopped.signal);
    } catch (error) {
      await this.withdraw(); // what was rejected may have taken effect
      throw error;
    }
    report('registry.registered', this.record.name);
    this.renewing = this.renew();
  }

  async withdraw(): Promise<void> {
    this.stopped.abort();
    await this.renewing;
    try {
      await this.registry.deregister(this.record, { signal: AbortSignal.timeout(longestWaitMs) });
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
    const waitMs = Math.max(1_000, Math.min(longestWaitMs, this.intervalMs));
    await this.registry.register(this.record, { ttlMs: this.ttlMs, signal: AbortSignal.timeout(waitMs) });
    this.registered = true;
  }

  private jittered(): number {
    return this.intervalMs * (0.9 + Math.random() * 0.1);
  }
}
