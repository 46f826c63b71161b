import { once } from 'node:events';
import { createServer } from 'node:net';
import moleculerModule from 'moleculer';
import type { Contender, Message } from '../contender.ts';
import { addressOf } from './tcp-address.ts';

const { ServiceBroker } = moleculerModule;

/** Moleculer between two processes by its TCP transporter, with its defaults and without discovery by UDP. */
export const moleculerTcp: Contender = {
  async serve(work) {
    const port = await freePort();
    const broker = new ServiceBroker({
      nodeID: 'server',
      logger: false,
      transporter: { type: 'TCP', options: { udpDiscovery: false, port, urls: [] } },
    });
    broker.createService({
      name: 'bench',
      actions: { call: (ctx: { params: Message }) => work.handle(ctx.params) },
    });
    await broker.start();
    return { address: `127.0.0.1:${port}`, close: () => broker.stop() };
  },
  async connect(address) {
    const broker = new ServiceBroker({
      nodeID: 'client',
      logger: false,
      transporter: { type: 'TCP', options: { udpDiscovery: false, urls: [`tcp://${address}/server`] } },
    });
    await broker.start();
    await broker.waitForServices(['bench'], 20_000);
    return { call: (request) => broker.call('bench.call', request), close: () => broker.stop() };
  },
};

/** Moleculer does not say which port it was given. */
async function freePort(): Promise<number> {
  const server = createServer();
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = addressOf(server);
  server.close();
  await once(server, 'close');
  return Number(address.split(':')[1]);
}
