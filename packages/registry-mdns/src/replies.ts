import type { RemoteInfo, Socket } from 'node:dgram';

/** Answers on their way to who asked. */
export interface Replies {
  /** Sends to one peer, without a guarantee. Dropped when too many wait already. */
  reply(bytes: Buffer, to: RemoteInfo): void;
  close(): void;
}

const mostWaiting = 4_096;
// Who asked for a service of hundreds of nodes has a buffer for some two hundred messages.
const batch = 32;
const betweenMs = 1;

export function newReplies(socket: Socket): Replies {
  const waiting: { readonly bytes: Buffer; readonly to: RemoteInfo }[] = [];
  let timer: NodeJS.Timeout | undefined;
  let closed = false;

  function reply(bytes: Buffer, to: RemoteInfo): void {
    if (closed || waiting.length >= mostWaiting || to.port === 0) return;
    waiting.push({ bytes, to });
    timer ??= setTimeout(drain, 0);
  }

  function drain(): void {
    for (const { bytes, to } of waiting.splice(0, batch)) {
      // An error here is a peer that left: who is there asks again.
      socket.send(bytes, to.port, to.address, () => {});
    }
    timer = waiting.length === 0 ? undefined : setTimeout(drain, betweenMs);
  }

  function close(): void {
    closed = true;
    clearTimeout(timer);
  }
  return { reply, close };
}
