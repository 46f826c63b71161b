import {
  type Acceptor,
  type Body,
  type IncomingStream,
  MicroError,
  type Peer,
  report,
  type StreamReceiver,
  type StreamSink,
} from '@micro/core';
import { type Answers, type Fields, SessionListener, sessionSettings } from '@micro/sessions';
import { bufferOf } from './client-call.ts';
import { readMucp, writeHeaders, writeMucp } from './mucp-message.ts';

/** go-micro's clients have one call at a time on each stream; others may have so many. */
const maxIncoming = 128;
/** Answers may fill so many times `maxMessageBytes` before the stream is given up. */
const mostUnread = 16;

/** A stream that carries go-micro's messages, and the calls and streams that they are. */
export class MucpSession implements Answers<Buffer>, StreamReceiver {
  private readonly sink: StreamSink;
  private readonly peer: Peer;
  private readonly maxMessageBytes: number;
  private readonly sessions: SessionListener;
  private readonly onLost: () => void;
  private over = false;
  private waiting = false;
  /** Written since the writer was told to wait. */
  private unread = 0;

  constructor(
    { sink, peer }: IncomingStream,
    acceptor: Acceptor,
    maxMessageBytes: number,
    address: string,
    onLost: () => void,
  ) {
    this.sink = sink;
    this.peer = peer;
    this.maxMessageBytes = maxMessageBytes;
    this.onLost = onLost;
    this.sessions = new SessionListener(this, sessionSettings({ maxIncoming }), acceptor, () => {});
    this.sessions.address = address;
  }

  get up(): boolean {
    return !this.over;
  }

  get full(): boolean {
    return this.waiting;
  }

  message(bytes: Body): void {
    if (this.over) return;
    const { address, identity } = this.peer;
    try {
      const { header, body } = readMucp(bufferOf(bytes));
      this.sessions.receive({ session: address, identity, header, bytes: () => body });
    } catch (error) {
      report('transport.protocol_error', address, error);
      this.abort(MicroError.from(error));
    }
  }

  /** A client that ends its side has left: go-micro's never do so before. */
  end(): void {
    if (this.over) return;
    this.lost();
    this.sink.end();
  }

  fail(): void {
    this.lost();
  }

  drained(): void {
    this.waiting = false;
    this.unread = 0;
    this.sink.resume();
    this.sessions.room();
  }

  head(fields: Fields): Buffer {
    return writeHeaders(fields);
  }

  respond(_session: string, head: Buffer, fields: Fields, body: Body): void {
    if (this.over) return; // gone: what was under way has been cancelled
    const bytes = writeMucp([head, writeHeaders(fields)], body, this.maxMessageBytes);
    if (this.sink.write(bytes) || this.over) return;
    this.unread += bytes.length;
    // who does not read its answers is not read either
    if (!this.waiting) this.sink.pause();
    this.waiting = true;
    if (this.unread > mostUnread * this.maxMessageBytes)
      this.abort(new MicroError('overloaded', `${this.unread} bytes of answers that are not read`));
  }

  /** Cancels the work that is left, and tells the callers; what comes still is refused, as not delivered. */
  close(): void {
    void this.sessions.close();
  }

  private abort(error: MicroError): void {
    this.lost();
    this.sink.abort(error);
  }

  private lost(): void {
    if (this.over) return;
    this.over = true;
    this.sessions.lost();
    this.onLost();
  }
}
