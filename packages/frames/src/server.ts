import type { Socket } from 'node:net';
import type { TLSSocket } from 'node:tls';
import type { Acceptor, Peer } from '@micro/core';
import { formatAddress } from '@micro/core/plugin';
import type { Bytes } from './bytes.ts';
import type { Limits } from './limits.ts';
import { ServerSession } from './server-session.ts';
import type { Sweep } from './sweep.ts';

/** A listener's connections that speak frames. */
export class FrameServer {
  private readonly acceptor: Acceptor;
  private readonly limits: Limits;
  private readonly sweep: Sweep;
  private readonly sessions = new Set<ServerSession>();
  private draining = false;
  private closed = false;

  constructor(acceptor: Acceptor, limits: Limits, sweep: Sweep) {
    this.acceptor = acceptor;
    this.limits = limits;
    this.sweep = sweep;
  }

  get size(): number {
    return this.sessions.size;
  }

  /** Serves a connection. `first`: what was read of it already. */
  accept(socket: Socket, first?: Uint8Array): void {
    const session = new ServerSession(socket, this.limits, this.sweep, this.acceptor, peerOf(socket), () =>
      this.sessions.delete(session),
    );
    this.sessions.add(session);
    if (this.closed) session.close();
    else if (this.draining) session.drain();
    if (first !== undefined) session.receive(first as Bytes);
  }

  /** Clients are told to send no more here; those that come later too. What comes still is answered. */
  drain(): void {
    this.draining = true;
    for (const session of this.sessions) session.drain();
  }

  /** Cancels the work that is left and ends the connections after what was written has left. */
  close(): void {
    this.closed = true;
    for (const session of this.sessions) session.close();
  }
}

/** Who is at the other end of a socket. */
export function peerOf(socket: Socket): Peer {
  const { remoteAddress, remotePort } = socket;
  const address = remoteAddress === undefined ? 'unix' : formatAddress(remoteAddress, remotePort ?? 0);
  if (!isTls(socket) || !socket.authorized) return { address };
  return { address, identity: socket.getPeerX509Certificate()?.subject.split('\n').join(', ') };
}

function isTls(socket: Socket): socket is TLSSocket {
  return 'encrypted' in socket;
}
