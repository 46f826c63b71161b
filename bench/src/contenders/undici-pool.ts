import { once } from 'node:events';
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setImmediate } from 'node:timers/promises';
import { Pool } from 'undici';
import type { Contender, Message } from '../contender.ts';

// More are slower; but a stream has a connection of its own
const connections = 64;
const mostStreams = 256;

/**
 * undici's pool against node:http, JSON both ways: the usual fast way to speak HTTP between two Node programs. The
 * messages of a stream are lines of its body.
 */
export const undiciPool: Contender = {
  async serve(work) {
    const server = createServer((request, response) => {
      const chunks: Buffer[] = [];
      request.on('data', (chunk: Buffer) => chunks.push(chunk));
      request.on('end', () => {
        const [first = Buffer.alloc(0)] = chunks;
        const text = (chunks.length === 1 ? first : Buffer.concat(chunks)).toString();
        const answer = async (): Promise<void> => {
          if (request.url === '/stream') return send(response, await work.handle(JSON.parse(text)));
          const body = JSON.stringify(await work.handle(JSON.parse(text)));
          response.writeHead(200, {
            'content-type': 'application/json',
            'content-length': Buffer.byteLength(body),
          });
          response.end(body);
        };
        answer().catch((error: unknown) => response.destroy(error instanceof Error ? error : undefined));
      });
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    return {
      address: `127.0.0.1:${port}`,
      async close() {
        server.close();
        server.closeAllConnections();
        await once(server, 'close');
      },
    };
  },
  async connect(address, { streams = false }) {
    const pool = new Pool(`http://${address}`, { connections: streams ? mostStreams : connections });
    const headers = { 'content-type': 'application/json', accept: 'application/json' };
    const call = async (request: object): Promise<unknown> => {
      const { body } = await pool.request({
        path: '/call',
        method: 'POST',
        headers,
        body: JSON.stringify(request),
      });
      return body.json();
    };
    return {
      call,
      async *stream(request) {
        const { body } = await pool.request({
          path: '/stream',
          method: 'POST',
          headers,
          body: JSON.stringify(request),
        });
        let rest = '';
        for await (const part of body.setEncoding('utf8')) {
          const lines = (rest + part).split('\n');
          rest = lines.pop() ?? '';
          for (const line of lines) yield JSON.parse(line);
        }
      },
      close: () => pool.destroy(),
    };
  },
};

// the kernel takes what a quick reader leaves room for, so writing alone would never let the event loop turn
const atOnce = 256;

async function send(response: ServerResponse, reply: Message): Promise<void> {
  response.writeHead(200, { 'content-type': 'application/x-ndjson' });
  for (let sent = 1; !response.destroyed; sent++) {
    if (!response.write(`${JSON.stringify(reply)}\n`)) await once(response, 'drain');
    else if (sent % atOnce === 0) await setImmediate();
  }
}
