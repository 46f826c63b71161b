import type { Socket } from 'node:net';
import { type Body, MicroError, type Peer, type ReplyMetadata, report, type Work } from '@micro/core';
import { staleClock } from '@micro/core/plugin';
import { peerOf, protocolName } from '@micro/frames';
import type { Head, Refusal } from './head.ts';
import { HttpCall } from './incoming-call.ts';
import type { HttpListener } from './listener.ts';
import { headerText, writeReplyMetadata } from './metadata.ts';
import { MessageReader, type MessageTarget } from './reader.ts';
import { ServerStream } from './server-stream.ts';
import { writeMessage } from './write.ts';

const maxPipelined = 16;
/** A connection that has been idle for so many ticks is not about to be used. */
const quietTicks = 2;
const reasons = {
  400: 'Bad Request',
  413: 'Content Too Large',
  417: 'Expectation Failed',
  429: 'Too Many Requests',
  431: 'Request Header Fields Too Large',
} as const;

/** A client's connection: one call at a time, answered in order, or one stream. */
export class ServerConnection implements MessageTarget {
  readonly socket: Socket;
  private peer: Peer;
  private readonly listener: HttpListener;
  private readonly reader: MessageReader;
  private readonly queue: HttpCall[] = [];
  /** Bytes of bodies in the queue. */
  private queued = 0;
  private call: HttpCall | undefined;
  private work: Work | undefined;
  private stream: ServerStream | undefined;
  private refusal: Refusal | undefined;
  private first = true;
  private ending = false;
  /** When something last happened that the present time limit counts from. */
  private since: number;
  private readonly onData = (chunk: Buffer): void => this.receive(chunk);
  private readonly onDrain = (): void => this.drained();
  private readonly onClose = (): void => this.closed();
  private readonly onEnd = (): void => {
    // a client that closes its side has left: our clients and Go's never close one half
    if (!this.ending) this.socket.destroy();
  };
  private readonly onError = (): void => {
    // 'close' follows and says all there is to say: the peer has left
  };

  constructor(listener: HttpListener, socket: Socket) {
    this.listener = listener;
    this.socket = socket;
    this.since = listener.sweep.tick;
    this.peer = peerOf(socket);
    this.reader = new MessageReader(this, listener.parser, listener.settings);
    socket.on('data', this.onData).on('drain', this.onDrain).on('end', this.onEnd);
    socket.on('close', this.onClose).on('error', this.onError);
  }

  /** Who is there, for a request that names the calling service. */
  peerOf(from: string): Peer {
    const service = from === '' ? undefined : headerText(from);
    if (this.peer.service !== service) this.peer = { ...this.peer, service };
    return this.peer;
  }

  get maxBodyBytes(): number {
    return this.listener.settings.maxBodyBytes;
  }

  /** Header lines. Throws `bad_request` and `too_large`. */
  linesOf(metadata: ReplyMetadata): string {
    return writeReplyMetadata(metadata, this.listener.settings);
  }

  /** The same beside an error, which counts for more: metadata that cannot be sent is reported, and left out. */
  linesOfError(metadata: ReplyMetadata | undefined): string {
    try {
      return metadata === undefined ? '' : this.linesOf(metadata);
    } catch (error) {
      report('plugin.warning', 'the metadata of an error cannot be sent', error);
      return '';
    }
  }

  private receive(chunk: Buffer): void {
    staleClock();
    if (this.ending) return;
    if (this.first && this.reader.partial === 'no' && !this.speaksHttp(chunk)) return;
    const inHead = this.first || this.reader.partial === 'head';
    this.reader.push(chunk);
    // the time limit of a head counts from its first byte: drops of it do not extend it
    if (!inHead || this.reader.partial !== 'head') this.since = this.listener.sweep.tick;
  }

  /** The first byte decides who speaks: no HTTP method begins with 0, and frames do. */
  private speaksHttp(chunk: Buffer): boolean {
    if (chunk[0] === 0) {
      if (!this.handOver(chunk)) this.refused({ status: 400, reason: 'frames, which are switched off here' });
      return false;
    }
    if (chunk[0] !== 0x16) return true;
    this.refused({ status: 400, reason: 'TLS, on a port without it' });
    return false;
  }

  /** Leaves the connection to the frames; false: there are none here. */
  private handOver(first?: Buffer): boolean {
    const { listener, socket } = this;
    if (listener.frames === undefined) return false;
    this.reader.stop();
    socket.off('data', this.onData).off('drain', this.onDrain).off('end', this.onEnd);
    socket.off('close', this.onClose).off('error', this.onError);
    listener.handOver(this, first);
    return true;
  }

  /** Whether the connection speaks frames from now on. The client sends the request again, as a frame. */
  private upgrades(head: Head, more: boolean): boolean {
    const { listener, socket } = this;
    if (head.upgrade !== protocolName || more || listener.frames === undefined || listener.draining)
      return false;
    if (this.busy) return false;
    const lines = `Connection: Upgrade\r\nUpgrade: ${protocolName}\r\n`;
    socket.write(`HTTP/1.1 101 Switching Protocols\r\n${lines}\r\n`, 'latin1');
    return this.handOver();
  }

  message(head: Head, buffer: Buffer, from: number, to: number, more: boolean): void {
    this.first = false;
    if (head.upgrade !== '' && this.upgrades(head, more)) return;
    if (this.stream !== undefined) {
      this.stream.receive(head, buffer, from, to);
      return;
    }
    if (head.close) this.reader.stop();
    const call = new HttpCall(this, head, this.listener.route(head), buffer, from, to);
    const busy = this.call !== undefined || this.queue.length > 0;
    if (call.opensStream) {
      if (busy) this.refused({ status: 400, reason: 'a stream behind requests without an answer' });
      else this.open(call);
    } else if (!busy && !this.socket.writableNeedDrain) this.start(call);
    else if (this.queue.length < maxPipelined && this.queued + to - from <= this.maxBodyBytes) {
      this.queue.push(call);
      this.queued += to - from;
    } else
      this.refused({
        status: 429,
        reason: `more than ${maxPipelined} requests at once on a connection, or too large`,
      });
  }

  expected(): void {
    if (this.call === undefined) this.socket.write('HTTP/1.1 100 Continue\r\n\r\n', 'latin1');
  }

  /** Says why after the answers that are due, and closes. */
  refused(refusal: Refusal): void {
    this.reader.stop();
    report('transport.protocol_error', this.peer.address, new MicroError('bad_request', refusal.reason));
    if (this.stream !== undefined) this.socket.destroy();
    else if (this.call !== undefined || this.queue.length > 0) this.refusal = refusal;
    else this.refuse(refusal);
  }

  private refuse({ status, reason }: Refusal): void {
    const lines = `HTTP/1.1 ${status} ${reasons[status]}\r\nContent-Type: text/plain\r\nConnection: close\r\n`;
    writeMessage(this.socket, lines, `${reason}\n`);
    this.end();
  }

  private open(call: HttpCall): void {
    // the body of the message that opens a stream means nothing (go-micro)
    this.stream = new ServerStream(this, call);
    this.stream.begin(this.listener.acceptor.stream(call.route, this.stream));
  }

  private start(call: HttpCall): void {
    this.call = call;
    const work = this.listener.acceptor.call(call.route, call);
    if (this.call === call) this.work = work;
  }

  /** Answers the call that is under way, if it still is. */
  answer(call: HttpCall, lines: string, body: Body): void {
    if (this.call !== call) return;
    const last = call.head.close || this.listener.draining;
    const room = this.write(call.head, last ? `${lines}Connection: close\r\n` : lines, body);
    this.call = undefined;
    this.work = undefined;
    if (last) this.end();
    else if (room) this.next();
    else this.socket.pause();
  }

  write(head: Head, lines: string, body: Body): boolean {
    this.since = this.listener.sweep.tick;
    const type = head.type || 'application/protobuf';
    const id = head.id === '' ? '' : `Micro-Id: ${head.id}\r\n`;
    return writeMessage(this.socket, `HTTP/1.1 200 OK\r\nContent-Type: ${type}\r\n${id}${lines}`, body);
  }

  private next(): void {
    const call = this.queue.shift();
    if (this.queue.length === 0) this.queued = 0;
    if (call !== undefined) this.start(call);
    else if (this.refusal !== undefined) this.refuse(this.refusal);
  }

  private drained(): void {
    this.since = this.listener.sweep.tick;
    if (this.ending) return;
    if (this.stream !== undefined) this.stream.drained();
    else {
      this.socket.resume();
      if (this.call === undefined) this.next();
    }
  }

  resume(): void {
    this.since = this.listener.sweep.tick;
    this.socket.resume();
  }

  /** Ends our side after what was written; a peer that keeps its own open is cut off by the sweep. */
  end(): void {
    if (this.ending) return;
    this.ending = true;
    this.reader.stop();
    this.resume();
    this.socket.end();
  }

  /** Whether the client may well have sent a request already that is not here yet. */
  get lingers(): boolean {
    if (this.ending || this.busy) return false;
    return this.reader.partial !== 'no' || this.listener.sweep.tick - this.since < quietTicks;
  }

  /** The listener closes, and what was written still leaves. What comes from now on is not delivered. */
  finish(): void {
    if (this.ending) return;
    // who has not read the last answer has not sent another request
    const { busy, socket } = this;
    this.leave();
    if (busy || socket.writableLength > 0) this.end();
    else this.dismiss();
  }

  /**
   * Our end may cross a request. To be told so is the one answer that says of a request on its way that it may go
   * again (RFC 9110 §15.5.9); a connection that just ends leaves open whether it was served.
   */
  private dismiss(): void {
    const lines = 'HTTP/1.1 408 Request Timeout\r\nConnection: close\r\nMicro-Delivered: no\r\n';
    writeMessage(this.socket, lines, '');
    this.end();
  }

  private get busy(): boolean {
    return this.call !== undefined || this.stream !== undefined || this.queue.length > 0;
  }

  check(): void {
    const { sweep, limits } = this.listener;
    const age = sweep.tick - this.since;
    const { partial } = this.reader;
    let limit: number;
    const streaming = this.stream !== undefined && !this.ending;
    // who reads a stream may take its time, on either side: a writer waits, and nothing piles up
    if (!streaming && (this.ending || this.socket.writableLength > 0)) limit = limits.write;
    else if (partial === 'body' && !this.socket.isPaused()) limit = limits.progress;
    else if (this.call !== undefined || streaming) return;
    else if (partial === 'head' || this.first) limit = limits.head;
    else {
      if (age >= limits.idle) this.dismiss();
      return;
    }
    if (age >= limit) this.socket.destroy();
  }

  private closed(): void {
    this.ending = true;
    this.reader.stop();
    this.leave();
  }

  /** The peer has left, or we do. */
  private leave(): void {
    const { work, stream } = this;
    this.queue.length = 0;
    this.call = undefined;
    this.work = undefined;
    work?.cancel();
    stream?.left();
  }
}
