import { once } from 'node:events';
import { connect, createServer, type Socket } from 'node:net';
import type { Contender, Message } from '../contender.ts';
import { credit, Feed } from './feed.ts';
import { addressOf } from './tcp-address.ts';

// of an id: it is that of a stream, and what the client sends with it is the request, or nothing: more
const streams = 0x8000_0000;

/**
 * What node:net allows a careful hand: frames of u32 length, u32 id and JSON, a promise a call, a table of slots, and
 * what a tick writes sent by one write. A stream's messages are sent as far as its reader has asked for them. It knows
 * no services, no errors and no deadlines.
 */
export const limitTick: Contender = {
  async serve(work) {
    const sockets = new Set<Socket>();
    const server = createServer({ noDelay: true }, (socket) => {
      const writer = new TickWriter(socket);
      const answer = async (id: number, text: string): Promise<void> => {
        writer.put(id, JSON.stringify(await work.handle(JSON.parse(text))));
      };
      const opened = new Map<number, Message>();
      const send = async (id: number, text: string): Promise<void> => {
        const first = text !== '';
        if (first) opened.set(id, await work.handle(JSON.parse(text)));
        const reply = opened.get(id);
        for (let left = first ? credit : credit / 2; left > 0; left--) writer.put(id, JSON.stringify(reply));
      };
      sockets.add(socket);
      socket.on('close', () => sockets.delete(socket));
      socket.on('error', () => undefined); // 'close' follows
      readFrames(socket, (id, text) => void (id >= streams ? send(id, text) : answer(id, text)));
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    return {
      address: addressOf(server),
      async close() {
        for (const socket of sockets) socket.destroy();
        server.close();
        await once(server, 'close');
      },
    };
  },
  async connect(address) {
    const socket = connect({ port: Number(address.split(':')[1]), host: '127.0.0.1', noDelay: true });
    await once(socket, 'connect');
    const writer = new TickWriter(socket);
    const waiting: (((reply: unknown) => void) | undefined)[] = [];
    const free: number[] = [];
    const feeds: Feed[] = [];
    readFrames(socket, (id, text) => {
      if (id >= streams) return feeds[id - streams]?.give(JSON.parse(text));
      const resolve = waiting[id];
      waiting[id] = undefined;
      free.push(id);
      resolve?.(JSON.parse(text));
    });
    const call = (request: Message): Promise<unknown> =>
      new Promise((resolve) => {
        const id = free.pop() ?? waiting.length;
        waiting[id] = resolve;
        writer.put(id, JSON.stringify(request));
      });
    return {
      call,
      stream(request) {
        const id = streams + feeds.length;
        let opens = JSON.stringify(request);
        const feed = new Feed(() => {
          writer.put(id, opens);
          opens = '';
        });
        feeds.push(feed);
        return feed;
      },
      async close() {
        socket.destroy();
        await once(socket, 'close');
      },
    };
  },
};

const slabBytes = 65_536;

/** Gathers a tick's frames in a slab, of which it writes the part that is new. */
class TickWriter {
  private readonly socket: Socket;
  private slab = Buffer.allocUnsafeSlow(slabBytes);
  private from = 0;
  private to = 0;
  private scheduled = false;

  constructor(socket: Socket) {
    this.socket = socket;
  }

  put(id: number, text: string): void {
    const room = 8 + text.length * 3;
    if (this.to + room > this.slab.length) {
      this.flush();
      this.slab = Buffer.allocUnsafeSlow(Math.max(slabBytes, room));
      this.from = this.to = 0;
    }
    const size = this.slab.write(text, this.to + 8, 'utf8');
    this.slab.writeUInt32BE(size + 4, this.to);
    this.slab.writeUInt32BE(id, this.to + 4);
    this.to += 8 + size;
    if (this.scheduled) return;
    this.scheduled = true;
    process.nextTick(() => this.flush());
  }

  private flush(): void {
    this.scheduled = false;
    if (this.to === this.from) return;
    this.socket.write(this.slab.subarray(this.from, this.to));
    this.from = this.to;
  }
}

function readFrames(socket: Socket, receive: (id: number, text: string) => void): void {
  let rest: Buffer | undefined;
  socket.on('data', (chunk: Buffer) => {
    const bytes = rest === undefined ? chunk : Buffer.concat([rest, chunk]);
    let at = 0;
    while (bytes.length - at >= 4) {
      const end = at + 4 + bytes.readUInt32BE(at);
      if (end > bytes.length) break;
      receive(bytes.readUInt32BE(at + 4), bytes.toString('utf8', at + 8, end));
      at = end;
    }
    rest = at < bytes.length ? bytes.subarray(at) : undefined;
  });
}
