import { describe, expect, test } from '@jest/globals';
import { CutTuner } from '../src/cut-tuner.ts';

/** Lets time pass with so many frames a millisecond, with and without cutting; how much of it was cut. */
function run(tuner: CutTuner, ms: number, on: number, off: number, long = true): number {
  let cut = 0;
  for (let time = 0; time < ms; time++) {
    clock++;
    if (tuner.cuts) cut++;
    tuner.sent(tuner.cuts ? on : off, long, clock);
  }
  return cut / ms;
}
let clock = 1000;

describe('whether batches are cut', () => {
  test('is yes where more leaves by it, and no where less does, and changes with the world', () => {
    const tuner = new CutTuner();
    run(tuner, 1_000, 130, 100);
    expect(run(tuner, 10_000, 130, 100)).toBeGreaterThan(0.9);
    run(tuner, 12_000, 80, 100);
    expect(run(tuner, 10_000, 80, 100)).toBeLessThan(0.1);
    run(tuner, 12_000, 130, 100);
    expect(run(tuner, 10_000, 130, 100)).toBeGreaterThan(0.9);
  });

  test('is no where it changes nothing: it costs system calls', () => {
    const tuner = new CutTuner();
    run(tuner, 1_000, 100, 100);
    expect(run(tuner, 10_000, 100, 100)).toBeLessThan(0.1);
  });

  test('is no where it seems to help only now and then, as on a busy machine', () => {
    const tuner = new CutTuner();
    let cut = 0;
    for (let chunk = 0; chunk < 500; chunk++) cut += run(tuner, 40, chunk % 3 === 0 ? 125 : 80, 100);
    expect(cut / 500).toBeLessThan(0.1);
  });

  test('is asked more seldom while the answer stays the same', () => {
    const tuner = new CutTuner();
    run(tuner, 20_000, 100, 100);
    expect(run(tuner, 9_840, 100, 100)).toBeLessThan(0.015);
  });

  test('is not asked while batches are short, or time passes without any', () => {
    const tuner = new CutTuner();
    expect(run(tuner, 5_000, 1, 1, false)).toBe(1);
    for (let turn = 0; turn < 100; turn++) {
      clock += 1000;
      tuner.sent(100, true, clock);
    }
    expect(tuner.cuts).toBe(true);
  });
});
