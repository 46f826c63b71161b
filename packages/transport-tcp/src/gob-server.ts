import type { Socket } from 'node:net';
import type { Acceptor } from '@micro/core';
import type { Limits, Sweep } from '@micro/frames';
import { GobConnection } from './gob-connection.ts';

/** A request that was sent before its client could know that we leave is refused, and not lost. */
const lingerMs = 200;
/** A client has so long to close its side, once all is written. */
const closeMs = 1000;

/** A listener's connections of go-micro's tcp transport. */
export class GobServer {
  private readonly acceptor: Acceptor;
  private readonly limits: Limits;
  private readonly sweep: Sweep;
  private readonly address: string;
  private readonly connections = new Set<GobConnection>();
  private timer: NodeJS.Timeout | undefined;
  private closing = false;

  constructor(acceptor: Acceptor, limits: Limits, sweep: Sweep, address: string) {
    this.address = address;
    this.acceptor = acceptor;
    this.limits = limits;
    this.sweep = sweep;
  }

  /** `first`: what was read already. */
  accept(socket: Socket, first: Buffer): void {
    const { acceptor, limits, sweep, address, connections } = this;
    const connection = new GobConnection(socket, acceptor, limits, sweep, address, () => {
      connections.delete(connection);
      if (connections.size === 0) clearTimeout(this.timer);
    });
    connections.add(connection);
    connection.receive(first);
    socket.resume();
    if (this.closing) connection.cut();
  }

  close(): void {
    if (this.closing) return;
    this.closing = true;
    if (this.connections.size === 0) return;
    for (const connection of this.connections) connection.close();
    this.timer = setTimeout(() => {
      for (const connection of this.connections) connection.end();
      this.timer = setTimeout(() => {
        for (const connection of this.connections) connection.cut();
      }, closeMs);
    }, lingerMs);
  }
}
