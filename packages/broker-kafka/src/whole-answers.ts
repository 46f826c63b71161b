import type { Socket } from 'node:net';

/** The server's length and its correlation id, 4 bytes each (https://kafka.apache.org/protocol, "Protocol Primitive Types"). */
const headLength = 4;
const leastAnswer = 4;
/** A server's own limit for a message is 1 MiB by default; what says to be longer than this is not Kafka. */
const mostAnswer = 512 * 1_024 * 1_024;

/**
 * The library keeps what it has of an answer when its connection ends, and takes the first bytes of the next connection
 * for the rest: it understands nothing from then on, or throws where nobody can catch it. So it gets whole answers only.
 * A socket that the library has ended is silent: its late `end` would end the connection that has followed.
 */
export function wholeAnswers(socket: Socket): void {
  const push = socket.push.bind(socket);
  let held: Uint8Array[] = [];
  let length = 0;
  let wanted = headLength;
  socket.push = (chunk: unknown, encoding?: BufferEncoding) => {
    if (!(chunk instanceof Uint8Array)) return push(chunk, encoding); // null, the end
    held.push(chunk);
    length += chunk.length;
    if (length < wanted) return true;
    const bytes = Buffer.concat(held, length);
    const { at, next, refused } = endOfWhole(bytes);
    if (refused !== undefined) {
      socket.destroy(new Error(`an answer of ${refused} bytes: no Kafka speaks there`));
      return false;
    }
    held = [bytes.subarray(at)];
    length -= at;
    wanted = next;
    return at === 0 || push(bytes.subarray(0, at));
  };
  const end = socket.end.bind(socket);
  socket.end = () => {
    socket.end = end; // which destroySoon() calls
    for (const event of ['data', 'end', 'error', 'timeout']) socket.removeAllListeners(event);
    socket.on('error', () => {
      // nobody waits for anything on it
    });
    socket.destroySoon();
    return socket;
  };
}

/** Where the last whole answer ends, and how many bytes the next needs from there. */
function endOfWhole(bytes: Buffer): {
  readonly at: number;
  readonly next: number;
  readonly refused?: number;
} {
  let at = 0;
  while (bytes.length - at >= headLength) {
    const size = bytes.readInt32BE(at);
    if (size < leastAnswer || size > mostAnswer) return { at, next: 0, refused: size };
    if (bytes.length - at < headLength + size) return { at, next: headLength + size };
    at += headLength + size;
  }
  return { at, next: headLength };
}
