import type { Socket } from 'node:net';
import { type Acceptor, type ListenOptions, type Metadata, noMetadata, type Route } from '@micro/core';
import { RouteCache, type SocketListener } from '@micro/core/plugin';
import { FrameServer, protocolName, SocketServer, Sweep, type Swept } from '@micro/frames';
import { framesKey, framesVersion } from './either.ts';
import { type Head, HeadParser } from './head.ts';
import type { Settings } from './options.ts';
import { ServerConnection } from './server-connection.ts';

/** A request that was sent before its client could know that we leave is waited for so long. */
const lingerMs = 200;
/** Clients that are about to connect have come by then. */
const quietMs = 25;
/** A client has so long to close its side, once all is written. */
const closeMs = 1000;

export class HttpListener implements SocketListener, Swept {
  readonly metadata: Metadata;
  /** The connections that speak frames; undefined: that is switched off. */
  readonly frames: FrameServer | undefined;
  readonly active = true;
  readonly settings: Settings;
  readonly acceptor: Acceptor;
  readonly parser: HeadParser;
  readonly sweep: Sweep;
  /** Whether answers say that the connection closes. */
  draining = false;
  address = '';
  /** The time limits of a connection, in ticks of the sweep. */
  readonly limits: {
    readonly head: number;
    readonly progress: number;
    readonly write: number;
    readonly idle: number;
  };
  private phase: 'open' | 'stopping' | 'lingering' | 'ending' | 'closed' = 'open';
  /** Connections that came while the listener was about to stop. */
  private readonly held: Socket[] = [];
  private timer: NodeJS.Timeout | undefined;
  private readonly onClosed: () => void;
  private readonly server: SocketServer;
  private readonly connections = new Set<ServerConnection>();
  private readonly routes: RouteCache;

  constructor(acceptor: Acceptor, settings: Settings, frameSweep: Sweep, onClosed: () => void) {
    const { tls, headTimeoutMs, progressTimeoutMs, writeTimeoutMs, idleTimeoutMs } = settings;
    this.acceptor = acceptor;
    this.routes = new RouteCache(acceptor);
    this.frames =
      settings.frames === undefined ? undefined : new FrameServer(acceptor, settings.frames, frameSweep);
    this.metadata = this.frames === undefined ? noMetadata : { [framesKey]: framesVersion };
    this.onClosed = onClosed;
    this.settings = settings;
    this.parser = new HeadParser('request', settings);
    this.sweep = new Sweep(Math.min(headTimeoutMs, progressTimeoutMs, writeTimeoutMs, idleTimeoutMs));
    this.limits = {
      head: this.sweep.ticks(headTimeoutMs),
      progress: this.sweep.ticks(progressTimeoutMs),
      write: this.sweep.ticks(writeTimeoutMs),
      idle: this.sweep.ticks(idleTimeoutMs),
    };
    const protocols = this.frames === undefined ? ['http/1.1'] : [protocolName, 'http/1.1'];
    const { maxIncoming } = settings;
    this.server = new SocketServer(
      { tls, protocols, handshakeTimeoutMs: headTimeoutMs, maxIncoming },
      (socket) => this.accept(socket),
    );
  }

  async start(options: ListenOptions): Promise<void> {
    this.address = await this.server.start(options);
    this.sweep.add(this);
  }

  route(head: Head): Route {
    // go-micro reads a message without a content type as protobuf, in every version
    return this.routes.route(head.service, head.endpoint || head.method, head.type || 'application/protobuf');
  }

  /** Answers say from now on that their connection closes. New connections are still taken, to be told the same. */
  drain(): void {
    this.draining = true;
    this.frames?.drain();
  }

  async close(options: { readonly signal?: AbortSignal | undefined } = {}): Promise<void> {
    if (this.phase === 'open') void this.leave();
    await this.server.close(options.signal);
    this.phase = 'closed';
    clearTimeout(this.timer);
    this.sweep.remove(this);
    this.onClosed();
  }

  /** Connections that may still be used are answered once more, and the others are ended. */
  private async leave(): Promise<void> {
    this.phase = 'stopping';
    this.draining = true;
    this.frames?.close();
    for (const connection of this.connections) if (!connection.lingers) connection.finish();
    await this.server.stop(quietMs);
    if (this.phase !== 'stopping') return;
    this.phase = 'lingering';
    for (const socket of this.held.splice(0)) socket.resume();
    this.timer = setTimeout(() => {
      this.phase = 'ending';
      for (const connection of this.connections) connection.finish();
      this.timer = setTimeout(() => {
        for (const { socket } of this.connections) socket.destroySoon();
      }, closeMs);
    }, lingerMs);
  }

  destroy(): void {
    this.server.destroy();
  }

  /** A connection speaks frames. `first`: what was read of them already. */
  handOver(connection: ServerConnection, first: Uint8Array | undefined): void {
    this.connections.delete(connection);
    this.frames?.accept(connection.socket, first);
  }

  private accept(socket: Socket): void {
    const connection = new ServerConnection(this, socket);
    this.connections.add(connection);
    socket.on('close', () => this.connections.delete(connection));
    // who is answered comes again: nobody is, until we listen no more
    if (this.phase === 'stopping') this.held.push(socket.pause());
    else if (this.phase === 'ending') connection.finish();
  }

  check(): void {
    for (const connection of this.connections) connection.check();
    // what is left then is still shaking hands
    if (this.phase !== 'open' && this.connections.size === 0 && (this.frames?.size ?? 0) === 0)
      this.destroy();
  }
}
