import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders, type Server } from 'node:http';
import { type AddressInfo, connect, type Socket } from 'node:net';

/** A request as a Go subscriber saw it. */
interface Seen {
  readonly method: string | undefined;
  readonly url: string | undefined;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

export interface GoSubscriber {
  readonly address: string;
  readonly seen: readonly Seen[];
  connections(): Promise<number>;
  /** Closes connections on which nothing is under way; new ones are welcome. */
  closeIdle(): void;
  close(): Promise<void>;
}

/** What go-micro's subscriber looks like from outside: it takes every POST, and says 200 to all; or what it is told. */
export async function goSubscriber(status = 200): Promise<GoSubscriber> {
  const seen: Seen[] = [];
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const { method, url, headers } = request;
      seen.push({ method, url, headers, body: Buffer.concat(chunks).toString() });
      response.writeHead(status).end();
    });
  });
  const { port } = await listening(server);
  return {
    address: `127.0.0.1:${port}`,
    seen,
    connections: () =>
      new Promise((resolve, reject) => {
        server.getConnections((error, count) => (error === null ? resolve(count) : reject(error)));
      }),
    closeIdle: () => server.closeIdleConnections(),
    async close() {
      const closed = once(server, 'close');
      server.close();
      server.closeAllConnections();
      await closed;
    },
  };
}

async function listening(server: Server): Promise<AddressInfo> {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return server.address() as AddressInfo;
}

/** An address where nobody listens. */
export async function deadAddress(): Promise<string> {
  const { address, close } = await goSubscriber();
  await close();
  return address;
}

/** Writes bytes to the address, and resolves to all that comes back until the peer closes or has answered. */
export async function exchange(address: string, bytes: string | Buffer): Promise<string> {
  const { socket, text } = open(address);
  socket.write(bytes);
  await text((all) => all.includes('\r\n\r\n'));
  socket.destroy();
  return text(() => true);
}

export function open(address: string): {
  socket: Socket;
  text(until: (all: string) => boolean): Promise<string>;
} {
  const at = address.lastIndexOf(':');
  const socket = connect(Number(address.slice(at + 1)), address.slice(0, at));
  let all = '';
  let changed = (): void => undefined;
  let over = false;
  socket.setEncoding('latin1').on('data', (chunk) => {
    all += String(chunk);
    changed();
  });
  const end = (): void => {
    over = true;
    changed();
  };
  socket.on('close', end).on('error', end);
  return {
    socket,
    text: async (until) => {
      while (!over && !until(all)) {
        await new Promise<void>((resolve) => {
          changed = resolve;
        });
      }
      return all;
    },
  };
}

/** A request as Go's http client writes it. */
export function goRequest(path: string, body: string, more: Readonly<Record<string, string>> = {}): string {
  const headers = {
    Host: '127.0.0.1',
    'User-Agent': 'Go-http-client/1.1',
    'Content-Length': String(Buffer.byteLength(body)),
    'Content-Type': 'application/json',
    'Accept-Encoding': 'gzip',
    ...more,
  };
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
  return `POST ${path} HTTP/1.1\r\n${lines.join('')}\r\n${body}`;
}
