import type {
  Body,
  Delivered,
  Metadata,
  MicroError,
  ReplyMetadata,
  StreamReceiver,
  StreamSink,
} from '@micro/core';
import { eventually } from '../eventually.ts';
import type { Rules } from './rules.ts';

/** One end of a stream that keeps what it is told, and knows what it must not be told. */
export class ReceivingEnd implements StreamReceiver {
  readonly bodies: Body[] = [];
  ended = false;
  /** What came ahead of the first message, and with the end. */
  said: ReplyMetadata = {};
  failure: { readonly error: MicroError; readonly delivered: Delivered } | undefined;
  /** Inside a call of ours, in which nothing may be told. */
  busy = false;
  /** Where this side writes to. */
  sink: StreamSink | undefined;
  private readonly rules: Rules;
  private readonly side: 'client' | 'server';
  private left = false;
  private drains = 0;

  constructor(rules: Rules, side: 'client' | 'server') {
    this.rules = rules;
    this.side = side;
  }

  header(header: Metadata): void {
    this.told('header');
    if (this.side === 'server') this.rules.broken('server: a header of the client');
    if (this.bodies.length > 0 || this.ended || this.said.header !== undefined)
      this.rules.broken('client: a header that is not the first, and only');
    this.said = { header };
  }

  message(body: Body): void {
    this.told('message');
    if (this.ended) this.rules.broken(`${this.side}: a message after the end`);
    this.bodies.push(body);
  }

  end(metadata?: ReplyMetadata): void {
    this.told('end');
    this.said = { ...this.said, trailer: metadata?.trailer };
    if (this.ended) this.rules.broken(`${this.side}: a second end`);
    this.ended = true;
  }

  fail(error: MicroError, delivered: Delivered, metadata?: ReplyMetadata): void {
    this.told('fail');
    this.said = { ...this.said, trailer: metadata?.trailer };
    if (this.ended && this.side === 'client') this.rules.broken('client: a failure after the end');
    this.failure = { error, delivered };
  }

  drained(): void {
    this.told('drained');
    this.drains++;
  }

  /** Writes one message; false: wait. */
  write(body: Body): boolean {
    return this.own(() => this.sink?.write(body) ?? true);
  }

  finish(metadata?: ReplyMetadata): void {
    this.own(() => this.sink?.end(metadata));
  }

  abort(error: MicroError, delivered?: Delivered, metadata?: ReplyMetadata): void {
    this.left = true;
    this.own(() => this.sink?.abort(error, delivered, metadata));
  }

  pause(): void {
    this.own(() => this.sink?.pause());
  }

  resume(): void {
    this.own(() => this.sink?.resume());
  }

  /** Writes all, waiting where the sink says so; counts what was written. Gives up when the stream is over. */
  async writeAll(bodies: Iterable<Body>, onWritten: () => void = () => {}): Promise<void> {
    for (const body of bodies) {
      const before = this.drains;
      const room = this.write(body);
      onWritten();
      if (!room)
        await eventually(() => this.drains > before || this.over, {
          timeoutMs: 3 * this.rules.patienceMs,
        });
      if (this.over) return;
    }
  }

  /** Waits until the check holds. */
  until(check: () => boolean): Promise<true> {
    return eventually(check, { timeoutMs: 3 * this.rules.patienceMs });
  }

  /** For this side nothing follows. */
  get over(): boolean {
    return this.failure !== undefined || this.left || (this.side === 'client' && this.ended);
  }

  private own<T>(run: () => T): T {
    this.busy = true;
    try {
      return run();
    } finally {
      this.busy = false;
    }
  }

  private told(what: string): void {
    if (this.busy) this.rules.broken(`${this.side}: ${what} inside a call of open, stream or of the sink`);
    if (this.failure !== undefined) this.rules.broken(`${this.side}: ${what} after the stream has failed`);
    if (this.left) this.rules.broken(`${this.side}: ${what} after its own abort`);
  }
}
