const windowMs = 10;
const longestMs = 200;
/** Batches that are long enough to be cut; with fewer in a window there is nothing to learn. */
const leastLong = 4;
/** Windows of a comparison, half of them each way, in the order ABBA: what drifts meets both alike. */
const compared = 24;
/** Busy windows until the next one. */
const held = 240;
/** Cutting has to give that much more, for it costs system calls. */
const worthIt = 1.05;

/**
 * Whether long batches are cut (`firstCutBytes`). Cutting lets both sides work at once, which helps as long as a
 * core is idle, and costs where none is: nobody can know from inside, so both ways are tried in turn, and the one by
 * which more frames leave is kept for a while.
 */
export class CutTuner {
  /** Cut the next batch. */
  cuts = true;
  private decided = true;
  private since = 0;
  private frames = 0;
  private long = 0;
  private turn = 0;
  private readonly on = { frames: 0, ms: 0 };
  private readonly off = { frames: 0, ms: 0 };

  /** A tick's batch was sent. `long`: it could have been cut. `time`: in ms. */
  sent(frames: number, long: boolean, time: number): void {
    this.frames += frames;
    if (long) this.long++;
    const ms = time - this.since;
    if (ms < windowMs) return;
    // where cores are scarce a window is long because others ran; one that is longer still was a pause of calls
    if (this.long >= leastLong && ms < longestMs) this.next(ms);
    this.since = time;
    this.frames = this.long = 0;
  }

  private next(ms: number): void {
    const { turn } = this;
    if (turn < compared) {
      const side = this.cuts ? this.on : this.off;
      side.frames += this.frames;
      side.ms += ms;
    }
    this.turn++;
    if (this.turn === compared) this.decide();
    else if (this.turn >= compared + held) this.turn = 0;
    if (this.turn < compared) this.cuts = this.turn % 4 === 0 || this.turn % 4 === 3;
    else this.cuts = this.decided;
  }

  private decide(): void {
    const { on, off } = this;
    this.decided = on.frames * off.ms > off.frames * on.ms * worthIt;
    on.frames = on.ms = off.frames = off.ms = 0;
  }
}

/** Of this process: all its connections share its cores. */
export const cutTuner: CutTuner = new CutTuner();
