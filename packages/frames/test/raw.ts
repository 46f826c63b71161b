import { once } from 'node:events';
import { connect, createServer, type Server, type Socket } from 'node:net';

// The bytes of docs/wire-tcp.md, written by hand: nothing here comes from src.

export const type = {
  hello: 1,
  target: 2,
  call: 3,
  part: 4,
  reply: 5,
  error: 6,
  cancel: 7,
  open: 8,
  message: 9,
  end: 10,
  reset: 11,
  credit: 12,
  ping: 13,
  pong: 14,
  goaway: 15,
  header: 16,
} as const;
export const flag = { ascii: 1, metadata: 2, more: 4, undelivered: 8 } as const;
export const greeting: Buffer = Buffer.from('\0micro/\x01', 'latin1');

export function frame(type: number, id = 0, body: Uint8Array | string = '', flags = 0): Buffer {
  const bytes = Buffer.from(body);
  const head = Buffer.alloc(10);
  head.writeUInt32BE(6 + bytes.length, 0);
  head[4] = type;
  head[5] = flags;
  head.writeUInt32BE(id >>> 0, 6);
  return Buffer.concat([head, bytes]);
}

export function u32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value >>> 0);
  return bytes;
}

function u16(value: number): Buffer {
  const bytes = Buffer.alloc(2);
  bytes.writeUInt16BE(value);
  return bytes;
}

/** Settings of a HELLO: bodies of 1 MiB, 64 calls, 16 streams, 8 targets, windows of 64 KiB. */
export function hello(values: readonly number[] = [1 << 20, 64, 16, 8, 65_536]): Buffer {
  const settings = values.map((value, index) => Buffer.concat([Buffer.of(index + 1), u16(4), u32(value)]));
  return frame(type.hello, 0, Buffer.concat(settings));
}

export function target(ref: number, endpoint = 'Test.echo', contentType = 'application/json'): Buffer {
  return frame(type.target, ref, `greeter\0${endpoint}\0${contentType}`);
}

export function callHead(ref: number, ms = 0): Buffer {
  return Buffer.concat([u16(ref), u32(ms)]);
}

export function call(id: number, body: Uint8Array | string, ref = 1, flags: number = flag.ascii): Buffer {
  return frame(type.call, id, Buffer.concat([callHead(ref), Buffer.from(body)]), flags);
}

export interface ReadFrame {
  readonly type: number;
  readonly flags: number;
  readonly id: number;
  readonly body: Buffer;
}

/** The whole frames behind a preface. */
function readFrames(bytes: Buffer): ReadFrame[] {
  const frames: ReadFrame[] = [];
  for (let at = 8; at + 4 <= bytes.length; ) {
    const end = at + 4 + bytes.readUInt32BE(at);
    if (end > bytes.length) break;
    frames.push({
      type: bytes[at + 4] ?? 0,
      flags: bytes[at + 5] ?? 0,
      id: bytes.readUInt32BE(at + 6),
      body: bytes.subarray(at + 10, end),
    });
    at = end;
  }
  return frames;
}

/** A peer that speaks bytes. */
export class Raw {
  readonly socket: Socket;
  private chunks: Buffer[] = [];
  readonly closed: Promise<unknown>;

  constructor(socket: Socket) {
    this.socket = socket;
    this.closed = new Promise((resolve) => socket.once('close', resolve));
    socket.on('error', () => undefined); // 'close' follows
    socket.on('data', (chunk: Buffer) => {
      this.chunks.push(chunk);
    });
  }
  get received(): Buffer {
    if (this.chunks.length !== 1) this.chunks = [Buffer.concat(this.chunks)];
    return this.chunks[0] ?? Buffer.alloc(0);
  }
  static async to(port: number): Promise<Raw> {
    const socket = connect({ port, host: '127.0.0.1' });
    await once(socket, 'connect');
    return new Raw(socket);
  }
  send(...bytes: readonly Uint8Array[]): void {
    this.socket.write(Buffer.concat(bytes));
  }
  get frames(): ReadFrame[] {
    return readFrames(this.received);
  }
  /** The reason of the GOAWAY that came, and its text. */
  get goodbye(): { readonly reason: number; readonly count: number; readonly text: string } | undefined {
    const found = this.frames.find((one) => one.type === type.goaway);
    if (found === undefined) return undefined;
    const { body } = found;
    return { reason: body[0] ?? -1, count: body.readUInt32BE(1), text: body.toString('utf8', 5) };
  }
}

/** A server that speaks bytes: each connection is handed over. */
export async function rawServer(
  onPeer: (peer: Raw) => void,
): Promise<{ readonly port: number; close(): Promise<void> }> {
  const peers: Raw[] = [];
  const server: Server = createServer((socket) => {
    const peer = new Raw(socket);
    peers.push(peer);
    onPeer(peer);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('not listening');
  return {
    port: address.port,
    async close() {
      for (const { socket } of peers) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
