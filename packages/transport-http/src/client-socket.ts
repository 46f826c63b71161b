import type { Socket } from 'node:net';
import { MicroError, report } from '@micro/core';
import { codeOf, decodeError, remoteError, staleClock } from '@micro/core/plugin';
import { connectSocket, explain } from '@micro/frames';
import type { Head, Refusal } from './head.ts';
import { headerText } from './metadata.ts';
import type { Pool } from './pool.ts';
import { MessageReader, type MessageTarget } from './reader.ts';

const statusLine = Buffer.from('HTTP/1.');

/** A connection to a server, whatever it is used for. */
export abstract class ClientSocket implements MessageTarget {
  /** Requests can be written. */
  ready = false;
  /** For the pool's time limits: the tick when it began to connect, or became idle. */
  since: number;
  protected readonly pool: Pool;
  protected readonly socket: Socket;
  protected readonly reader: MessageReader;
  /** Bytes have come since the request. */
  protected heard = false;
  protected error: Error | undefined;

  private readonly onData = (chunk: Buffer): void => this.receive(chunk);
  private readonly onEnd = (): void => {
    this.socket.destroy();
  };
  private readonly onError = (error: Error): void => {
    this.error ??= error;
  };
  private readonly onClose = (): void => this.closed();

  constructor(pool: Pool) {
    this.pool = pool;
    this.since = pool.sweep.tick;
    this.reader = new MessageReader(this, pool.parser, pool.settings, statusLine);
    this.socket = connectSocket(pool.target, pool.settings.tls, ['http/1.1'], () => {
      this.ready = true;
      this.connected();
    });
    this.socket
      .on('data', this.onData)
      .on('end', this.onEnd)
      .on('error', this.onError)
      .on('close', this.onClose);
  }

  /** The socket, from now on without us. */
  protected release(): Socket {
    this.reader.stop();
    const { socket } = this;
    socket
      .off('data', this.onData)
      .off('end', this.onEnd)
      .off('error', this.onError)
      .off('close', this.onClose);
    return socket;
  }

  protected abstract connected(): void;
  protected abstract closed(): void;
  abstract message(head: Head, buffer: Buffer, from: number, to: number, more: boolean): void;

  protected receive(chunk: Buffer): void {
    staleClock();
    this.heard = true;
    this.reader.push(chunk);
  }

  expected(): void {
    // of requests only
  }

  refused({ reason }: Refusal): void {
    const { address } = this.pool;
    const error = new MicroError('unavailable', `no answer of ${address} that can be trusted: ${reason}`);
    report('transport.protocol_error', address, error);
    this.destroy(error);
  }

  destroy(error?: Error): void {
    this.error ??= error;
    this.reader.stop();
    this.socket.destroy();
  }

  /** What a call or stream fails with that this connection has lost. */
  protected lost(): MicroError {
    const { error, pool } = this;
    if (error instanceof MicroError) return error;
    const text = explain(error, pool.settings.tls !== undefined);
    return remoteError('unavailable', `no answer from ${pool.address}: ${text}`, { cause: error });
  }
}

/** Whether a message is an interim response, which says nothing yet. */
export function isInterim(head: Head): boolean {
  return head.status < 200 && head.status !== 101;
}

/** The error that an answer is, if it is one. */
export function errorOf(
  head: Head,
  address: string,
  buffer: Buffer,
  from: number,
  to: number,
): MicroError | undefined {
  if (head.status === 200) return head.error === '' ? undefined : decodeError(headerText(head.error));
  // a status other than 200 does not come from a handler
  const { status } = head;
  const code =
    status === 431 ? 'too_large' : status === 413 || status === 429 ? codeOf(status) : 'unavailable';
  const text = buffer.toString('utf8', from, Math.min(to, from + 200)).trim();
  return remoteError(code, `${address} answered with HTTP status ${status}: ${text}`);
}

/** `no`: refused before the handler, by a server of ours. */
export function deliveredBy(head: Head): 'no' | 'maybe' | 'yes' {
  if (head.delivered === 'no') return 'no';
  return head.status === 200 ? 'yes' : 'maybe';
}
