const windowMs = 10;
const longestMs = 200;
/** Batches that are long enough to be cut; with fewer in a window there is nothing to learn. */
const leastLong = 4;
/** Windows of a group, half of them each way, in the order ABBA: what drifts meets both alike. */
const group = 4;
const groups = 6;
const compared = group * groups;
/** Groups in which cutting has to win: on a busy machine a window says more of others' work than of ours. */
const wins = groups - 1;
/** Cutting has to give that much more, for it costs system calls. */
const worthIt = 1.05;
/** Busy windows until the next comparison: twice as many each time that it says the same. */
const held = 240;
const mostHeld = 960;

/**
 * Whether long batches are cut (`firstCutBytes`). Cutting lets both sides work at once, which helps as long as a
 * core is idle, and costs where none is: nobody can know from inside, so both ways are tried in turn, and the one by
 * which more frames leave is kept for a while. In doubt it is one write a tick, which costs least.
 */
export class CutTuner {
  /** Cut the next batch. */
  cuts = true;
  private decided = true;
  private since = 0;
  private frames = 0;
  private long = 0;
  private turn = 0;
  private won = 0;
  private holds = held;
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
    if (this.turn < compared) this.compare(ms);
    this.turn++;
    if (this.turn === compared) this.decide();
    else if (this.turn >= compared + this.holds) this.turn = 0;
    if (this.turn < compared) this.cuts = this.turn % group === 0 || this.turn % group === 3;
    else this.cuts = this.decided;
  }

  private compare(ms: number): void {
    const { on, off } = this;
    const side = this.cuts ? on : off;
    side.frames += this.frames;
    side.ms += ms;
    if (this.turn % group < group - 1) return;
    if (on.frames * off.ms > off.frames * on.ms * worthIt) this.won++;
    on.frames = on.ms = off.frames = off.ms = 0;
  }

  private decide(): void {
    const decided = this.won >= wins;
    this.holds = decided === this.decided ? Math.min(this.holds * 2, mostHeld) : held;
    this.decided = decided;
    this.won = 0;
  }
}

/** Of this process: all its connections share its cores. */
export const cutTuner: CutTuner = new CutTuner();
