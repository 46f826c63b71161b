import { PING } from './layout.ts';
import type { Session } from './session.ts';
import type { Sweep } from './sweep.ts';

/** The time limits of a session, in ticks of the transport's sweep. */
export class Liveness {
  private readonly session: Session;
  private readonly sweep: Sweep;
  private readonly bornAt: number;
  private heardAt: number;
  private endedAt = 0;
  private pinged = false;
  /** How far the peer has read, and since when. */
  private progress = 0;
  private progressAt: number;

  constructor(session: Session, sweep: Sweep) {
    this.session = session;
    this.sweep = sweep;
    this.bornAt = this.heardAt = this.progressAt = sweep.tick;
  }

  /** Something has come. */
  heard(): void {
    this.heardAt = this.sweep.tick;
    this.pinged = false;
  }

  /** Our side has ended. */
  ended(): void {
    this.endedAt = this.sweep.tick;
  }

  check(): void {
    const { session } = this;
    const { limits } = session;
    if (session.ending) {
      if (this.past(this.endedAt, limits.writeTimeoutMs)) session.destroy();
    } else if (!session.greeted) {
      if (this.past(this.bornAt, limits.handshakeTimeoutMs))
        session.destroy(new Error(`no greeting within ${limits.handshakeTimeoutMs} ms`));
    } else if (this.stuck()) {
      session.destroy(new Error(`the peer has read nothing for ${limits.writeTimeoutMs} ms`));
    } else this.ping();
  }

  /** Whether the peer has read nothing of what waits for it for too long. */
  private stuck(): boolean {
    const { socket, limits } = this.session;
    const progress = socket.bytesWritten - socket.writableLength;
    if (socket.writableLength > 0 && progress === this.progress)
      return this.past(this.progressAt, limits.writeTimeoutMs);
    this.progress = progress;
    this.progressAt = this.sweep.tick;
    return false;
  }

  /** Asks a silent peer whether it is there, and gives up one that has not answered. */
  private ping(): void {
    const { socket, limits, writer } = this.session;
    // while we do not read, the silence is ours
    if (socket.isPaused()) this.heardAt = this.sweep.tick;
    else if (this.pinged) {
      if (this.past(this.heardAt, limits.pingIntervalMs + limits.pingTimeoutMs))
        this.session.destroy(new Error(`no answer to a ping within ${limits.pingTimeoutMs} ms`));
    } else if (this.past(this.heardAt, limits.pingIntervalMs)) {
      this.pinged = true;
      writer.put(PING, 0, 0, '');
    }
  }

  private past(since: number, ms: number): boolean {
    return this.sweep.tick - since >= this.sweep.ticks(ms);
  }
}
