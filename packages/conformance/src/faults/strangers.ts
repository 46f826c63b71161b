import { once } from 'node:events';
import { type AddressInfo, createServer, type Socket } from 'node:net';

/** Something that listens where a server was expected, and speaks another language to whoever comes. */
export interface Stranger {
  readonly port: number;
  /** `127.0.0.1:<port>` */
  readonly address: string;
  /** How many have come. */
  readonly visits: number;
  close(): Promise<void>;
}

/** Messages of 4 to 59 bytes behind their lengths, as several protocols have them; what is in them says nothing. */
function framed(): Buffer {
  const messages = Array.from({ length: 50 }, (_, index) => {
    const length = 4 + ((index * 37) % 56);
    const message = Buffer.from(Array.from({ length: 4 + length }, (_, at) => (at * 89 + index * 151) % 256));
    message.writeInt32BE(length);
    return message;
  });
  return Buffer.concat(messages);
}

const languages = [
  Buffer.from('HTTP/1.1 400 Bad Request\r\ncontent-length: 0\r\n\r\n'),
  Buffer.alloc(1_000),
  Buffer.alloc(100_000, 0xff),
  Buffer.concat([Buffer.of(0x7f, 0xff, 0xff, 0xff), Buffer.alloc(100_000)]),
  framed(),
  Buffer.concat([Buffer.of(0, 0, 0, 36), Buffer.alloc(36)]), // to a ZooKeeper client: your session has expired
] as const;

/** One of each kind: each says its piece at once, and again to whatever it hears. */
export function strangers(): Promise<readonly Stranger[]> {
  return Promise.all(languages.map(stranger));
}

async function stranger(words: Buffer): Promise<Stranger> {
  const sockets = new Set<Socket>();
  let visits = 0;
  const server = createServer((socket) => {
    visits++;
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
    socket.on('error', () => {}); // whoever does not understand hangs up
    socket.write(words);
    socket.on('data', () => socket.writableLength === 0 && socket.write(words));
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return {
    port,
    address: `127.0.0.1:${port}`,
    get visits() {
      return visits;
    },
    async close() {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, 'close');
    },
  };
}
