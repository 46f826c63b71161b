import type { Socket } from 'node:net';
import { TLSSocket } from 'node:tls';
import { lengthPrefixed } from '@micro/core/plugin';

/** An answer has its correlation id at least, 4 bytes (https://kafka.apache.org/protocol). */
const least = 4;
/** Of a fetch the library asks for 10 MiB, and gets one message even if that is longer; a server takes 1 MiB by default. */
const most = 512 * 1_024 * 1_024;

/**
 * The library keeps what it has of an answer when its connection ends, and takes the first bytes of the next connection
 * for the rest: it understands nothing from then on, or throws where nobody can catch it. So it gets whole answers only.
 * A socket that the library has ended is silent: its late `end` would end the connection that has followed.
 */
export function wholeAnswers(socket: Socket): void {
  const answers = lengthPrefixed(least, most);
  const [push, end] = [socket.push.bind(socket), socket.end.bind(socket)];
  let open = false;
  socket.once(socket instanceof TLSSocket ? 'secureConnect' : 'connect', () => {
    open = true;
  });
  socket.push = (chunk: unknown, encoding?: BufferEncoding) => {
    if (!(chunk instanceof Uint8Array)) return push(chunk, encoding); // null, the end
    let more = true;
    try {
      for (const { buffer, byteOffset, length } of answers.take(chunk))
        more = push(Buffer.from(buffer, byteOffset, length));
    } catch (error) {
      socket.destroy(new Error(`no Kafka speaks there: ${error instanceof Error ? error.message : error}`));
    }
    return more;
  };
  socket.end = () => {
    socket.end = end; // which destroySoon() calls
    // its timer for a connection that is being made ends with an error alone
    if (!open) return socket.destroy(new Error('closed'));
    for (const event of ['data', 'end', 'error', 'timeout']) socket.removeAllListeners(event);
    socket.on('error', () => {
      // nobody waits for anything on it
    });
    socket.destroySoon();
    return socket;
  };
}
