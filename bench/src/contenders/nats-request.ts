import { connect } from '@nats-io/transport-node';
import type { Contender } from '../contender.ts';
import { placeOf, serveOverNats } from './nats-server.ts';

const subject = 'bench';

/** The client library's own request and reply, JSON both ways: the usual way to call over NATS. */
export const natsRequest: Contender = {
  serve: (work) =>
    serveOverNats(async (url) => {
      const connection = await connect({ servers: url.replace('nats://', '') });
      connection.subscribe(subject, {
        callback: (_, message) => {
          const answer = async (): Promise<void> => {
            message.respond(JSON.stringify(await work.handle(message.json())));
          };
          answer().catch(() => connection.close());
        },
      });
      await connection.flush();
      return { address: subject, close: () => connection.drain() };
    }),
  async connect(address) {
    const { url } = placeOf(address);
    const connection = await connect({ servers: url.replace('nats://', '') });
    const options = { timeout: 10_000 };
    return {
      async call(request) {
        return (await connection.request(subject, JSON.stringify(request), options)).json();
      },
      close: () => connection.close(),
    };
  },
};
