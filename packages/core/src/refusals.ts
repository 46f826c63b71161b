import type { Delivered, MicroError } from './errors.ts';
import type { StreamSink } from './transport.ts';

interface Refusable {
  fail(error: MicroError, delivered: Delivered): void;
}

/** Calls and streams that were not sent: they fail in a moment, for `request` and `open` have to return first. */
export class Refusals {
  private readonly errors = new Map<Refusable, MicroError>();

  add(refused: Refusable, error: MicroError): void {
    this.errors.set(refused, error);
    if (this.errors.size === 1) process.nextTick(() => this.tell());
  }

  /** As `add`; what a stream that was never opened gives to core. */
  stream(refused: Refusable, error: MicroError): StreamSink {
    this.add(refused, error);
    return { ...deaf, abort: () => this.forget(refused) };
  }

  /** Whether it was there; it is told nothing then. */
  forget(refused: Refusable): boolean {
    return this.errors.delete(refused);
  }

  private tell(): void {
    for (const [refused, error] of this.errors) {
      this.errors.delete(refused);
      refused.fail(error, 'no');
    }
  }
}

const deaf = { write: () => true, end(): void {}, pause(): void {}, resume(): void {} };
