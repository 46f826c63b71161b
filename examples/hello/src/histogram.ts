const growth = Math.log(1.05);
const smallestMs = 0.01;

/** Times in buckets that grow by 5 %: small, and exact enough for percentiles. */
export class Histogram {
  private readonly buckets: number[] = [];
  private count = 0;

  add(ms: number): void {
    const bucket = Math.max(0, Math.round(Math.log(ms / smallestMs) / growth));
    this.buckets[bucket] = (this.buckets[bucket] ?? 0) + 1;
    this.count++;
  }

  /** The time within which the share of all lies, in ms. */
  percentile(share: number): number {
    let left = this.count * share;
    const bucket = Array.from(this.buckets, (count = 0) => count).findIndex((count) => {
      left -= count;
      return left <= 0;
    });
    return smallestMs * Math.exp(Math.max(0, bucket) * growth);
  }
}
