import { type Acceptor, type ListenOptions, type Metadata, noMetadata, type TlsOptions } from '@micro/core';
import type { SocketListener } from '@micro/core/plugin';
import { FrameServer, type Limits, protocolName, SocketServer, type Sweep } from '@micro/frames';

export interface TcpListenerSettings {
  readonly tls: TlsOptions | undefined;
  readonly maxIncoming: number;
  readonly limits: Limits;
  readonly sweep: Sweep;
}

export class TcpListener implements SocketListener {
  readonly metadata: Metadata = noMetadata;
  readonly active = true;
  address = '';
  private readonly frames: FrameServer;
  private readonly server: SocketServer;
  private readonly onClosed: () => void;

  constructor(acceptor: Acceptor, settings: TcpListenerSettings, onClosed: () => void) {
    const { tls, limits, sweep, maxIncoming } = settings;
    const { handshakeTimeoutMs } = limits;
    this.onClosed = onClosed;
    this.frames = new FrameServer(acceptor, limits, sweep);
    this.server = new SocketServer(
      { tls, protocols: [protocolName], handshakeTimeoutMs, maxIncoming },
      (socket) => this.frames.accept(socket),
    );
  }

  async start(options: ListenOptions): Promise<void> {
    this.address = await this.server.start(options);
  }

  drain(): void {
    this.frames.drain();
  }

  async close(options: { readonly signal?: AbortSignal | undefined } = {}): Promise<void> {
    const stopped = this.server.close(options.signal);
    this.frames.close();
    // what is left then is still shaking hands
    if (this.frames.size === 0) this.destroy();
    await stopped;
    this.onClosed();
  }

  destroy(): void {
    this.server.destroy();
  }
}
