import '@micro/transport-tcp';
import {
  type Contract,
  contract,
  createClient,
  createService,
  type PluginOptions,
  rpc,
  type ServerStream,
  stream,
  type,
} from '@micro/core';
import type { Contender, Message } from '../contender.ts';

const Streams: Contract<{ count: ServerStream<Message, Message> }> = contract('bench', 'Streams', {
  count: rpc({ request: type<Message>(), response: stream(type<Message>()) }),
});
const plugins: PluginOptions = { transport: 'tcp', registry: 'memory', broker: 'memory', codec: 'json' };

/** A server stream for each lane, that never ends: a call is the next message of it. */
export const tcpStream: Contender = {
  async serve(work) {
    const service = createService({ name: 'bench', ...plugins, ambient: false, address: '127.0.0.1:0' });
    service.handle(Streams, {
      async *count(request, { signal }) {
        const reply = await work.handle(request);
        while (!signal.aborted) yield reply;
      },
    });
    await service.start();
    return { address: service.address ?? '', close: () => service.stop() };
  },
  async connect(address) {
    const client = createClient({ ...plugins, ambient: false });
    const { count } = client.of(Streams);
    const open = new Map<unknown, AsyncIterator<Message>>();
    return {
      async call(request) {
        let messages = open.get(request.n);
        if (messages === undefined) {
          messages = count(request, { address })[Symbol.asyncIterator]();
          open.set(request.n, messages);
        }
        return (await messages.next()).value;
      },
      async close() {
        for (const messages of open.values()) await messages.return?.();
        await client.close();
      },
    };
  },
};
