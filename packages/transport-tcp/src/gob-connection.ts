import type { Socket } from 'node:net';
import { type Acceptor, type Body, MicroError, type Peer, report } from '@micro/core';
import { type Limits, peerOf, type Sweep, type Swept } from '@micro/frames';
import { type Answers, type Fields, SessionListener, sessionSettings } from '@micro/sessions';
import { GobReader } from './gob-reader.ts';
import { GobWriter } from './gob-writer.ts';

/** Answers may fill so many times `maxUnreadBytes` before the connection is given up. */
const mostUnread = 64;
const none = new Uint8Array();

/** A connection of go-micro's tcp transport: its messages, and the calls and streams that they are. */
export class GobConnection implements Answers<Fields>, Swept {
  private readonly socket: Socket;
  private readonly limits: Limits;
  private readonly sweep: Sweep;
  private readonly peer: Peer;
  private readonly reader: GobReader;
  private readonly writer = new GobWriter();
  private readonly sessions: SessionListener;
  private ending = false;
  /** When the peer last sent or took something. */
  private since: number;

  constructor(
    socket: Socket,
    acceptor: Acceptor,
    limits: Limits,
    sweep: Sweep,
    address: string,
    onLost: () => void,
  ) {
    this.socket = socket;
    this.limits = limits;
    this.sweep = sweep;
    this.since = sweep.tick;
    this.peer = peerOf(socket);
    const { address: session, identity } = this.peer;
    this.reader = new GobReader(limits.maxBodyBytes, (header, body) =>
      this.sessions.receive({ session, identity, header, bytes: () => body }),
    );
    const { maxCalls, windowBytes } = limits;
    this.sessions = new SessionListener(
      this,
      sessionSettings({ maxIncoming: maxCalls, windowBytes }),
      acceptor,
      () => {},
    );
    this.sessions.address = address;
    sweep.add(this);
    socket.on('data', (chunk: Buffer) => this.receive(chunk));
    socket.on('drain', () => {
      this.since = sweep.tick;
      socket.resume();
      this.sessions.room();
    });
    // a client that closes its side has left: go-micro's never close one half
    socket.on('end', () => socket.destroy());
    socket.on('close', () => {
      this.ending = true;
      sweep.remove(this);
      this.sessions.lost();
      onLost();
    });
  }

  get up(): boolean {
    return !this.ending && this.socket.writable;
  }

  get full(): boolean {
    return this.socket.writableNeedDrain;
  }

  receive(chunk: Buffer): void {
    this.since = this.sweep.tick;
    if (this.ending) return;
    try {
      this.reader.push(chunk);
    } catch (error) {
      report('transport.protocol_error', this.peer.address, error);
      this.end();
      this.sessions.lost();
    }
  }

  head(fields: Fields): Fields {
    return fields;
  }

  respond(_session: string, head: Fields, fields: Fields, body: Body): void {
    const { socket, limits } = this;
    if (!this.up) return; // gone: what was under way has been cancelled
    const bytes = typeof body === 'string' ? Buffer.from(body) : body;
    if (bytes.length > limits.maxBodyBytes)
      throw new MicroError(
        'too_large',
        `a body of ${bytes.length} bytes, ${limits.maxBodyBytes} are the limit (maxBodyBytes)`,
      );
    if (socket.writableLength === 0) this.since = this.sweep.tick;
    socket.cork();
    for (const chunk of this.writer.message([...head, ...fields], bytes.length === 0 ? none : bytes))
      socket.write(chunk);
    socket.uncork();
    const { writableLength } = socket;
    if (writableLength > limits.maxUnreadBytes) socket.pause();
    if (writableLength > limits.maxUnreadBytes * mostUnread)
      socket.destroy(new Error(`${writableLength} bytes of answers that it does not read`));
  }

  /** Cancels the work that is left, and tells the callers; what comes still is refused, as not delivered. */
  close(): void {
    void this.sessions.close();
  }

  /** Ends our side after what was written. */
  end(): void {
    if (this.ending) return;
    this.ending = true;
    this.since = this.sweep.tick;
    this.socket.resume();
    this.socket.end();
  }

  /** The same as `end`; waits for nothing but what was written. */
  cut(): void {
    this.end();
    this.socket.destroySoon();
  }

  check(): void {
    const waits = this.ending || this.reader.partial || this.socket.writableLength > 0;
    if (waits && this.sweep.tick - this.since >= this.sweep.ticks(this.limits.writeTimeoutMs))
      this.socket.destroy();
  }
}
