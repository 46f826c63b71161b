import {
  type Body,
  type Connection,
  type Delivered,
  type Metadata,
  MicroError,
  type OutgoingStream,
  report,
  type StreamSink,
  type Target,
} from '@micro/core';
import type { Fields, Replies, Requests } from '@micro/sessions';
import { bufferOf } from './client-call.ts';
import { mucpPath, readMucp, writeHeaders, writeMucp } from './mucp-message.ts';

/** Streams without a call that are kept; the rest is ended. */
const maxIdle = 64;

const target: Target = Object.freeze({
  index: 0,
  service: '',
  endpoint: mucpPath,
  contentType: 'application/grpc',
  text: false,
});

/** A stream of a connection: for go-micro's server a connection of its own. */
class Carried implements OutgoingStream {
  readonly kind = 'bidi';
  readonly target: Target = target;
  readonly deadline = 0;
  readonly metadata: Metadata | undefined;
  readonly sink: StreamSink;
  /** Whose it is now. */
  session = '';
  /** Of one stream of go-micro's, which it ends with. */
  dedicated = false;
  full = false;
  private readonly carrier: MucpCarrier;

  constructor(carrier: MucpCarrier, connection: Connection) {
    this.carrier = carrier;
    this.sink = connection.open(this);
  }

  message(bytes: Body): void {
    this.carrier.received(this, bytes);
  }

  end(): void {
    this.carrier.ended(this, undefined, 'maybe');
  }

  fail(error: MicroError, delivered: Delivered): void {
    this.carrier.ended(this, error, delivered === 'no' ? 'no' : 'maybe');
  }

  drained(): void {
    this.full = false;
    this.carrier.room();
  }
}

/**
 * Sessions as go-micro's gRPC transport has them: each has a stream, on which there is one call at a time. Streams
 * wait for the next call, but for those of go-micro's streams, as its own clients do.
 */
export class MucpCarrier implements Requests<Buffer> {
  /** No stream waits for another. */
  readonly full = false;
  private readonly connection: Connection;
  private readonly maxMessageBytes: number;
  private readonly used = new Map<string, Carried>();
  private readonly idle = new Set<Carried>();
  private replies: Replies | undefined;
  private closed = false;

  /** `connection`: plain gRPC to the address. */
  constructor(connection: Connection, maxMessageBytes: number) {
    this.connection = connection;
    this.maxMessageBytes = maxMessageBytes;
  }

  get up(): boolean {
    return !this.closed;
  }

  isFull(session: string): boolean {
    return this.used.get(session)?.full === true;
  }

  /** The first stream connects. */
  async connect(replies: Replies): Promise<void> {
    this.replies = replies;
  }

  head(fields: Fields): Buffer {
    return writeHeaders(fields);
  }

  request(
    _address: string,
    session: string,
    head: Buffer,
    fields: Fields,
    metadata: Metadata | undefined,
    body: Body | undefined,
  ): void {
    const own = metadata === undefined ? fields : [...fields, ...Object.entries(metadata).flat()];
    const message = writeMucp([head, writeHeaders(own)], body, this.maxMessageBytes);
    let carried = this.used.get(session);
    if (carried === undefined) {
      [carried] = this.idle;
      carried ??= new Carried(this, this.connection);
      this.idle.delete(carried);
      carried.session = session;
      this.used.set(session, carried);
    }
    if (fields.includes('Micro-Stream')) carried.dedicated = true;
    if (!carried.sink.write(message)) carried.full = true;
  }

  released(session: string, left: boolean): void {
    const carried = this.used.get(session);
    if (carried === undefined) return;
    this.used.delete(session);
    carried.session = '';
    if (left || carried.dedicated || this.closed || this.idle.size >= maxIdle) abort(carried);
    else this.idle.add(carried);
  }

  received(carried: Carried, bytes: Body): void {
    const { session } = carried;
    if (session === '') return; // late: nobody waits for it
    try {
      const { header, body } = readMucp(bufferOf(bytes));
      this.replies?.reply({ session, header, bytes: () => body });
    } catch (cause) {
      const { address } = this.connection;
      report('transport.protocol_error', address, cause);
      const error = new MicroError('internal', `an answer of ${address} that cannot be read`, { cause });
      this.ended(carried, error, 'maybe');
      abort(carried);
    }
  }

  ended(carried: Carried, error: MicroError | undefined, delivered: 'no' | 'maybe'): void {
    const { session } = carried;
    this.idle.delete(carried);
    if (!this.used.delete(session)) return;
    carried.session = '';
    this.replies?.ended(session, error, delivered);
  }

  room(): void {
    this.replies?.room();
  }

  async settled(): Promise<void> {
    // nothing comes back
  }

  async present(): Promise<boolean> {
    return true;
  }

  close(): Promise<void> {
    this.closed = true;
    for (const carried of [...this.idle, ...this.used.values()]) abort(carried);
    this.idle.clear();
    this.used.clear();
    return this.connection.close();
  }
}

/** As go-micro's clients leave: by ending the connection. */
function abort(carried: Carried): void {
  carried.sink.abort(new MicroError('canceled', 'the client has left'));
}
