import { setImmediate } from 'node:timers/promises';
import type { Caller, Work } from './contender.ts';
import { type Histogram, histogramOf } from './histogram.ts';
import { quantile } from './stats.ts';

/** How to load a caller for a while. */
export interface Slice {
  /** Calls under way at once. */
  readonly inFlight: number;
  /** How long, in ms; or how many calls, whatever comes first. */
  readonly ms: number;
  readonly calls?: number;
  /**
   * Calls inside one process settle in microtasks and would keep the event loop from turning, which no program
   * does: they are made in bursts of so many ms. 0: one burst.
   */
  readonly burstMs: number;
}

/** What came of it. */
export interface Outcome {
  readonly calls: number;
  readonly callsPerSecond: number;
  readonly p50Us: number;
  readonly p99Us: number;
  readonly maxUs: number;
  readonly latencies: Histogram;
  /** CPU of this process for all of it, in us. */
  readonly cpuUs: number;
}

// A reading of the clock costs about 50 ns: with many calls in flight only one in so many is timed
const timedOneIn = 16;

/** Calls as fast as replies come and checks each of them. Rejects when a call fails or a reply is wrong. */
export async function load(caller: Caller, work: Work, slice: Slice): Promise<Outcome> {
  const { inFlight, ms, calls: mostCalls = Number.POSITIVE_INFINITY, burstMs } = slice;
  const every = inFlight === 1 ? 1 : timedOneIn;
  const latencies: number[] = [];
  const cpuBefore = process.cpuUsage();
  const begin = performance.now();
  const end = begin + ms;
  let calls = 0;
  let sent = 0;
  let burstEnd = 0;
  let over = false;

  const lane = async (index: number): Promise<void> => {
    const request = work.request(index);
    while (!over) {
      const timed = ++sent % every === 0;
      const from = timed ? performance.now() : 0;
      const reply = await caller.call(request);
      if (!work.check(index, reply)) throw new Error(`wrong reply: ${JSON.stringify(reply)}`);
      calls++;
      if (!timed) continue;
      const time = performance.now();
      latencies.push((time - from) * 1000);
      if (time >= burstEnd || sent >= mostCalls) over = true;
    }
  };
  const lanes = Array.from({ length: inFlight }, (_, index) => index);
  for (let time = begin; time < end && sent < mostCalls; time = performance.now()) {
    burstEnd = burstMs === 0 ? end : Math.min(end, time + burstMs);
    over = false;
    await Promise.all(lanes.map(lane));
    if (burstMs !== 0) await setImmediate();
  }
  const elapsedMs = performance.now() - begin;
  const { user, system } = process.cpuUsage(cpuBefore);
  return {
    calls,
    callsPerSecond: (calls * 1000) / elapsedMs,
    p50Us: quantile(latencies, 0.5),
    p99Us: quantile(latencies, 0.99),
    maxUs: latencies.reduce((most, one) => Math.max(most, one), 0),
    latencies: histogramOf(latencies),
    cpuUs: user + system,
  };
}
