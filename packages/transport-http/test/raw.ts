import { once } from 'node:events';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { eventually } from '@micro/conformance';
import { type Head, HeadParser, type Refusal } from '../src/head.ts';
import { MessageReader } from '../src/reader.ts';

export const limits = { maxHeaders: 128, maxBodyBytes: 1 << 20, maxHeaderBytes: 65_536 };

export interface Read {
  readonly messages: { readonly head: Head; readonly body: string; readonly more: boolean }[];
  refusal: Refusal | undefined;
  expected: number;
}

/** What a reader makes of the chunks. As a server, it stops behind `Connection: close`. */
export function read(
  kind: 'request' | 'response',
  chunks: Iterable<Buffer>,
  parser = new HeadParser(kind, limits),
): Read {
  const result: Read = { messages: [], refusal: undefined, expected: 0 };
  const reader: MessageReader = new MessageReader(
    {
      message(head, buffer, from, to, more) {
        result.messages.push({ head, body: buffer.toString('latin1', from, to), more });
        if (head.close && kind === 'request') reader.stop();
      },
      expected() {
        result.expected++;
      },
      refused(refusal) {
        result.refusal = refusal;
      },
    },
    parser,
    limits,
  );
  for (const chunk of chunks) reader.push(chunk);
  return result;
}

export function bytes(text: string): Buffer {
  return Buffer.from(text, 'latin1');
}

/** Cut into pieces of that many bytes, each in memory of its own. */
export function* cut(buffer: Buffer, size: number): Generator<Buffer> {
  for (let at = 0; at < buffer.length; at += size) yield Buffer.from(buffer.subarray(at, at + size));
}

/** A peer that speaks bytes. */
export class Raw {
  readonly socket: Socket;
  received = '';
  readonly closed: Promise<unknown>;

  constructor(socket: Socket) {
    this.socket = socket;
    this.closed = new Promise((resolve) => socket.once('close', resolve));
    socket.on('error', () => undefined); // 'close' follows
    socket.on('data', (chunk: Buffer) => {
      this.received += chunk.toString('latin1');
    });
  }
  static async to(port: number, options: { readonly allowHalfOpen?: boolean } = {}): Promise<Raw> {
    const socket = connect({ ...options, port, host: '127.0.0.1' });
    await once(socket, 'connect');
    return new Raw(socket);
  }
  send(text: string): void {
    this.socket.write(text, 'latin1');
  }
  /** Waits until so many answers are there. */
  async answers(count: number): Promise<string[]> {
    return eventually(() => {
      const { messages, refusal } = read('response', [bytes(this.received)]);
      if (refusal !== undefined) throw new Error(refusal.reason);
      return messages.length >= count ? messages.map(({ body }) => body) : false;
    });
  }
}

/** A server that speaks bytes: each connection is handed over. */
export class RawServer {
  readonly server: Server;
  readonly peers: Raw[] = [];
  onPeer: ((peer: Raw) => void) | undefined;

  private constructor(server: Server) {
    this.server = server;
    server.on('connection', (socket) => {
      const peer = new Raw(socket);
      this.peers.push(peer);
      this.onPeer?.(peer);
    });
  }
  static async listen(): Promise<RawServer> {
    const server = createServer();
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    return new RawServer(server);
  }
  get port(): number {
    const address = this.server.address();
    if (address === null || typeof address === 'string') throw new Error('not listening');
    return address.port;
  }
  async close(): Promise<void> {
    for (const { socket } of this.peers) socket.destroy();
    await new Promise((resolve) => this.server.close(resolve));
  }
}

/** A request as our client writes it. */
export function post(body: string, extra = '', endpoint = 'Test.echo'): string {
  return (
    `POST / HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nMicro-Endpoint: ${endpoint}\r\n` +
    `Micro-Service: greeter\r\nMicro-Id: 7\r\n${extra}Content-Length: ${body.length}\r\n\r\n${body}`
  );
}
export function ok(body: string, extra = ''): string {
  return `HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n${extra}Content-Length: ${body.length}\r\n\r\n${body}`;
}
