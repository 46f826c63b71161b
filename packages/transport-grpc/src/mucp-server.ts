import type { Acceptor, IncomingStream, StreamReceiver } from '@micro/core';
import { mucpPath } from './mucp-message.ts';
import { MucpSession } from './mucp-session.ts';
import type { OwnMethod } from './services.ts';

/** A request that was sent before its client could know that we leave is refused, and not lost. */
const lingerMs = 200;

/** go-micro's gRPC transport on a listener's port: each stream is a connection of its clients. */
export class MucpServer {
  /** Of the listener. */
  address = '';
  private readonly acceptor: Acceptor;
  private readonly maxMessageBytes: number;
  private readonly sessions = new Set<MucpSession>();
  private closing = false;
  private whenEmpty: () => void = () => undefined;

  constructor(acceptor: Acceptor, maxMessageBytes: number) {
    this.acceptor = acceptor;
    this.maxMessageBytes = maxMessageBytes;
  }

  readonly methods: Readonly<Record<string, OwnMethod>> = {
    [mucpPath]: { kind: 'bidi', stream: (stream) => this.accept(stream) },
  };

  private accept(stream: IncomingStream): StreamReceiver {
    const { acceptor, maxMessageBytes, address, sessions } = this;
    const session = new MucpSession(stream, acceptor, maxMessageBytes, address, () => {
      sessions.delete(session);
      if (sessions.size === 0) this.whenEmpty();
    });
    sessions.add(session);
    if (this.closing) session.close();
    return session;
  }

  /** Cancels the work that is left. Resolves when the clients have had time to learn of it, or have left. */
  async close(): Promise<void> {
    this.closing = true;
    if (this.sessions.size === 0) return;
    for (const session of this.sessions) session.close();
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, lingerMs);
      this.whenEmpty = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }
}
