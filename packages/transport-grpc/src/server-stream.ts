import {
  type Body,
  type Delivered,
  type IncomingStream,
  type Metadata,
  MicroError,
  type ReplyMetadata,
  type StreamReceiver,
  type StreamSink,
} from '@micro/core';
import { bodyOf } from './client-call.ts';
import { ServedCall } from './server-call.ts';

/** Bytes that may wait before the writer is told to. */
const highWater = 65_536;

/** A stream that has come. */
export class ServerStream extends ServedCall implements IncomingStream, StreamSink {
  private receiver: StreamReceiver | undefined;
  private pending = 0;
  private full = false;
  private begun = false;
  /** The client's side has ended. */
  private heard = false;
  private paused = false;
  private reading = false;
  private pumping = false;
  private again = false;

  get sink(): StreamSink {
    return this;
  }

  onReceiveMetadata(): void {
    const { acceptor, route } = this.parts;
    this.receiver = acceptor.stream(route, this);
    // nothing is told before `stream` has returned
    queueMicrotask(() => this.read());
  }

  onReceiveMessage(message: Buffer): void {
    this.reading = false;
    if (this.over || this.heard) return;
    const { kind, text } = this.parts.route;
    this.receiver?.message(bodyOf(message, text));
    // one request is all there is: clients that go-micro generates send it and leave their side open
    if (kind === 'server-stream') {
      this.heard = true;
      this.receiver?.end();
    }
    this.read();
  }

  onReceiveHalfClose(): void {
    if (this.over || this.heard) return;
    this.heard = true;
    // node:http2 ends what can be read of a stream that was reset, too, and its own clients end their side before they
    // reset it: a client that has left must not look as if it had said all
    setImmediate(() => {
      if (!this.over && !this.parts.opening.broken) this.receiver?.end();
    });
  }

  write(body: Body): boolean {
    if (this.over) return true;
    let message: Buffer;
    try {
      message = this.messageOf(body);
    } catch (error) {
      this.fault(MicroError.from(error));
      return true;
    }
    this.begin();
    const { length } = message;
    this.pending += length;
    this.next.sendMessage(message, () => this.written(length));
    this.full = this.pending >= highWater;
    return !this.full;
  }

  header(metadata: Metadata): void {
    if (this.over) return;
    try {
      this.begin(metadata);
    } catch (error) {
      this.fault(MicroError.from(error));
    }
  }

  end(metadata?: ReplyMetadata): void {
    if (this.over) return;
    try {
      const trailers = this.trailersOf(metadata?.trailer);
      this.leave();
      this.begin();
      this.sendEnd(trailers);
    } catch (error) {
      this.fault(MicroError.from(error));
    }
  }

  abort(error: MicroError, delivered: Delivered = 'yes', metadata?: ReplyMetadata): void {
    const { trailer } = metadata ?? {};
    this.fail(error, delivered, trailer && { trailer });
  }

  /** The stream cannot go on, for a reason on this side: both are told. */
  private fault(error: MicroError): void {
    if (this.over) return;
    this.fail(error, 'yes');
    queueMicrotask(() => this.receiver?.fail(error, 'yes'));
  }

  pause(): void {
    this.paused = true;
  }

  resume(): void {
    this.paused = false;
    // what was read already would be told at once, inside this call
    queueMicrotask(() => this.read());
  }

  protected get handled(): boolean {
    return this.receiver !== undefined;
  }

  protected left(): void {
    this.receiver?.fail(new MicroError('canceled', 'the client has left the stream'), 'maybe');
  }

  /** Throws `bad_request`. */
  private begin(header?: Metadata): void {
    if (this.begun) return;
    const headers = this.headersOf(header);
    this.begun = true;
    this.next.sendMetadata(headers);
  }

  /** One read gives one message, perhaps at once: a loop, for a chunk can hold thousands. */
  private read(): void {
    if (this.over || this.paused || this.reading) return;
    if (this.pumping) {
      this.again = true;
      return;
    }
    this.pumping = true;
    do {
      this.again = false;
      this.reading = true;
      this.next.startRead();
    } while (this.again && !this.over && !this.paused);
    this.pumping = false;
  }

  private written(bytes: number): void {
    this.pending -= bytes;
    if (this.over || !this.full || this.pending >= highWater) return;
    this.full = false;
    this.receiver?.drained();
  }
}
