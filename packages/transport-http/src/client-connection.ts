import type { Body, OutgoingCall } from '@micro/core';
import { readBody, remoteError } from '@micro/core/plugin';
import { ClientSocket, deliveredBy, errorOf, isInterim } from './client-socket.ts';
import { refusedHandshake, refusedWrite } from './connect.ts';
import type { Head } from './head.ts';
import { readReplyMetadata } from './metadata.ts';
import type { Pool } from './pool.ts';
import { writeMessage } from './write.ts';

/** Up to here a request is written by one system call: it is taken whole, or not at all. */
const oneWrite = 16_384;
/** How a server ends an idle connection (RFC 9110 §15.5.9). */
const goodbye = 'HTTP/1.1 408 ';
/** The beginning of it will do: what follows in the next chunk is not read any more. */
function isGoodbye(chunk: Buffer): boolean {
  return chunk.length > 0 && goodbye.startsWith(chunk.toString('latin1', 0, goodbye.length));
}

/** One of a pool's connections: a call at a time, whose answer is the next message. */
export class ClientConnection extends ClientSocket {
  call: OutgoingCall | undefined;
  /** How often the peer had left when this one was made. */
  readonly era: number;
  /** It has answered before. */
  private kept = false;
  private sent = 0;
  /** The request asks for an upgrade. */
  private asking = false;
  private resting = false;

  constructor(pool: Pool) {
    super(pool);
    this.era = pool.era;
  }

  get usable(): boolean {
    return this.socket.writable;
  }

  /** Nothing was sent on it yet. */
  get unused(): boolean {
    return !this.kept && this.call === undefined;
  }

  /** `asking`: the lines ask for an upgrade. */
  send(call: OutgoingCall, lines: string, body: Body, asking: boolean): void {
    this.call = call;
    this.asking = asking;
    this.heard = false;
    this.sent = lines.length + body.length;
    if (this.resting) {
      this.resting = false;
      this.socket.ref();
    }
    writeMessage(this.socket, lines, body);
  }

  /** An idle connection does not keep the process alive. */
  rest(): void {
    if (this.resting) return;
    this.resting = true;
    this.socket.unref();
  }

  protected connected(): void {
    this.pool.connected(this);
  }

  protected override receive(chunk: Buffer): void {
    if (this.call !== undefined) super.receive(chunk);
    else if (isGoodbye(chunk)) {
      this.pool.left();
      this.destroy();
    }
    // an answer to nothing would be taken for the answer to the next request
    else this.refused({ status: 400, reason: 'bytes without a request' });
  }

  message(head: Head, buffer: Buffer, from: number, to: number, more: boolean): void {
    const { call, pool } = this;
    if (isInterim(head) || call === undefined) return;
    const leaving = more && isGoodbye(this.reader.rest);
    if (more && !leaving) {
      this.refused({ status: 400, reason: 'bytes behind the answer' });
      return;
    }
    this.call = undefined;
    this.kept = true;
    if (head.status === 101 && this.asking) {
      // the server has not taken the call: it goes again, in the other protocol
      pool.upgrade(this, this.release(), call);
      return;
    }
    const last = leaving || head.close;
    if (last) pool.left();
    // given on before the caller is told: the next request is under way while this one's reply is handled
    if (!last && head.status === 200) pool.free(this, head.accept !== '');
    else this.destroy();
    const { text, contentType } = call.target;
    const error = errorOf(head, pool.address, buffer, from, to);
    const said = call.wantsMetadata ? readReplyMetadata(head) : undefined;
    if (error !== undefined) call.fail(error, deliveredBy(head), said);
    else if (head.type === 'text/plain' && contentType !== 'text/plain') {
      // how go-micro says that it has no codec for the request (go-micro v4: server/rpc_server.go)
      call.fail(remoteError('bad_request', buffer.toString('utf8', from, to)), 'yes');
    } else call.done(readBody(buffer, from, to, text, contentType), said);
  }

  protected closed(): void {
    const { call, error, pool, kept } = this;
    this.call = undefined;
    pool.lost(this, error);
    if (call === undefined) return;
    const untaken = !this.heard && this.sent <= oneWrite && refusedWrite(error);
    if (untaken && kept) pool.request(call);
    else
      call.fail(this.lost(), untaken || (!kept && !this.heard && refusedHandshake(error)) ? 'no' : 'maybe');
  }
}
