import { type Body, MicroError, type OutgoingStream, type StreamSink } from '@micro/core';
import { eos, isAny, isJson, readBody, wireBody } from '@micro/core/plugin';
import { ClientSocket, deliveredBy, errorOf, isInterim } from './client-socket.ts';
import { refusedHandshake } from './connect.ts';
import type { Head } from './head.ts';
import { readReplyMetadata } from './metadata.ts';
import type { Pool } from './pool.ts';
import { writeMessage } from './write.ts';

/** A stream on a connection of its own: messages both ways that are not paired (go-micro v4: client/rpc_stream.go). */
export class ClientStream extends ClientSocket implements StreamSink {
  private readonly stream: OutgoingStream;
  /** The lines of each message. */
  private readonly lines: string;
  private ended = false;
  private over = false;
  /** It echoes our headers, as Go does. */
  private goPeer = false;
  /** A message has come. */
  private begun = false;

  /** `opening` and `lines`: of the message that opens the stream, and of those that follow. */
  constructor(pool: Pool, stream: OutgoingStream, opening: string, lines: string) {
    super(pool);
    this.stream = stream;
    this.lines = lines;
    this.socket.on('drain', () => {
      if (!this.over) stream.drained();
    });
    // its body means nothing to go-micro: the first request is the second message
    writeMessage(this.socket, opening, isJson(stream.target.contentType) ? '{}\n' : '');
  }

  protected connected(): void {
    // what was written before leaves now
  }

  message(head: Head, buffer: Buffer, from: number, to: number): void {
    if (this.over || isInterim(head)) return;
    const { stream } = this;
    const { text, contentType } = stream.target;
    const said = stream.wantsMetadata ? readReplyMetadata(head) : undefined;
    if (!this.begun && said !== undefined && isAny(said.header)) stream.header?.(said.header);
    this.begun = true;
    if (this.over) return;
    const last = said && { trailer: said.trailer };
    if (head.status === 200 && head.error === eos) {
      this.abort();
      stream.end(last);
      return;
    }
    this.goPeer ||= head.accept !== '';
    const error = errorOf(head, this.pool.address, buffer, from, to);
    if (error === undefined) {
      // a Go server (it echoes our headers) that was told the end of our side does not tell its own
      const only = stream.kind === 'client-stream' && this.goPeer;
      if (only) this.abort();
      stream.message(readBody(buffer, from, to, text, contentType));
      if (only) stream.end();
    } else {
      this.abort();
      stream.fail(error, deliveredBy(head), last);
    }
  }

  write(body: Body): boolean {
    if (this.over || this.ended) return true;
    try {
      const { contentType } = this.stream.target;
      return writeMessage(
        this.socket,
        this.lines,
        wireBody(body, contentType, this.pool.settings.maxBodyBytes),
      );
    } catch (error) {
      this.destroy(MicroError.from(error));
      return true;
    }
  }

  end(): void {
    if (this.over || this.ended) return;
    this.ended = true;
    // one request is all that a server stream has; a Go server that is told so does not tell the stream's end. Told to
    // close, it does so once its handler has returned (go-micro v4.10: server/rpc_server.go), and that tells it
    if (this.stream.kind !== 'server-stream')
      writeMessage(this.socket, `${this.lines}Micro-Error: ${eos}\r\nConnection: close\r\n`, '');
  }

  /** The client leaves, or the stream has ended: its connection is closed. */
  abort(): void {
    this.over = true;
    this.destroy();
  }

  pause(): void {
    if (!this.over) this.socket.pause();
  }

  resume(): void {
    if (!this.over) this.socket.resume();
  }

  protected closed(): void {
    const { pool, error, stream } = this;
    pool.forget(this);
    if (this.over) return;
    this.over = true;
    if (this.ended && this.goPeer && error === undefined && this.reader.partial === 'no') stream.end();
    else if (!this.ready) stream.fail(pool.unreachable(error), 'no');
    else stream.fail(this.lost(), !this.heard && refusedHandshake(error) ? 'no' : 'maybe');
  }
}
