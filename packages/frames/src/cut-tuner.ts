const windowMs = 10;
const longestMs = 200;
/** Batches that are long enough to be cut; with fewer in a window there is nothing to learn. */
const leastLong = 4;
/** Windows of a group, half of them each way, in the order ABBA: what drifts meets both alike. */
const group = 4;
const mostGroups = 16;
/**
 * A comparison goes on until cutting has won so many groups more, or lost so many more (Wald, "Sequential Tests of
 * Statistical Hypotheses", 1945): on a busy machine a group says more of others' work than of ours.
 */
const ahead = 6;
const behind = 3;
/** Cutting has to give that much more, for it costs system calls. */
const worthIt = 1.05;
/** Busy windows until the next comparison: few, for the first meets code that is not compiled yet; more each time that it says the same. */
const held = 60;
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
  private comparing = true;
  /** Groups that cutting has won, less those that it has not. */
  private lead = 0;
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
    const turn = this.turn++;
    if (this.comparing) {
      const side = this.cuts ? this.on : this.off;
      side.frames += this.frames;
      side.ms += ms;
      if (turn % group === group - 1) this.compare();
    } else if (turn >= this.holds) {
      this.comparing = true;
      this.turn = 0;
    }
    if (this.comparing) this.cuts = this.turn % group === 0 || this.turn % group === 3;
    else this.cuts = this.decided;
  }

  private compare(): void {
    const { on, off } = this;
    this.lead += on.frames * off.ms > off.frames * on.ms * worthIt ? 1 : -1;
    on.frames = on.ms = off.frames = off.ms = 0;
    const decided = this.lead >= ahead;
    if (!decided && this.lead > -behind && this.turn < group * mostGroups) return;
    this.holds = decided === this.decided ? Math.min(this.holds * 4, mostHeld) : held;
    this.decided = decided;
    this.comparing = false;
    this.turn = this.lead = 0;
  }
}

/** Of this process: all its connections share its cores. */
export const cutTuner: CutTuner = new CutTuner();
