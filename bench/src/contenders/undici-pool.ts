import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Pool } from 'undici';
import type { Contender } from '../contender.ts';

const connections = 64;

/** undici's pool against node:http, JSON both ways: the usual fast way to speak HTTP between two Node programs. */
export const undiciPool: Contender = {
  async serve(work) {
    const server = createServer((request, response) => {
      const chunks: Buffer[] = [];
      request.on('data', (chunk: Buffer) => chunks.push(chunk));
      request.on('end', () => {
        const [first = Buffer.alloc(0)] = chunks;
        const text = (chunks.length === 1 ? first : Buffer.concat(chunks)).toString();
        const answer = async (): Promise<void> => {
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
  async connect(address) {
    const pool = new Pool(`http://${address}`, { connections });
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
    return { call, close: () => pool.close() };
  },
};
