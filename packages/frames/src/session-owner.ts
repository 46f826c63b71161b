import type { OutgoingStream } from '@micro/core';
import type { ClientSession } from './client-session.ts';
import type { FrameStream } from './stream.ts';

/** Who has a session: the handle of its address. */
export interface SessionOwner {
  readonly address: string;
  readonly service: string;
  /** The server has greeted: calls can be sent. */
  ready(session: ClientSession): void;
  /** The server takes no more here, or soon will not. */
  left(session: ClientSession): void;
  /** The connection is gone; what was under way is told after this. */
  lost(session: ClientSession, error: Error | undefined): void;
  /** Nothing is under way any more; told again and again. */
  idle(session: ClientSession): void;
}

/** A stream as it was opened, and its half here. */
export interface OpenedStream {
  readonly stream: OutgoingStream;
  readonly half: FrameStream;
}
