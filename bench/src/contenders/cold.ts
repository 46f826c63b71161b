import { once } from 'node:events';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { createInterface } from 'node:readline';
import { coldCaller } from '../cold/first-callers.ts';
import type { Contender } from '../contender.ts';

/** A new process for every call, over node:net by hand. */
export const coldNet: Contender = {
  async serve({ handle }) {
    const sockets = new Set<Socket>();
    const server = createServer((socket) => {
      sockets.add(socket);
      socket.on('close', () => sockets.delete(socket)).on('error', () => socket.destroy());
      createInterface(socket).on('line', async (line) => {
        socket.write(`${JSON.stringify(await handle(JSON.parse(line)))}\n`);
      });
    });
    await once(server.listen(0, '127.0.0.1'), 'listening');
    const { port } = server.address() as AddressInfo;
    return {
      address: String(port),
      async close() {
        for (const socket of sockets) socket.destroy();
        await once(server.close(), 'close');
      },
    };
  },
  connect: async (address) => coldCaller(['net'], address),
};

/** A new process for every call, over the transport of ours of that name. */
export function coldOurs(transport: string, server: Contender): Contender {
  return { serve: server.serve, connect: async (address) => coldCaller(['ours', transport], address) };
}
