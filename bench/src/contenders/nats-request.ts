import { connect, type Msg, type NatsConnection } from '@nats-io/transport-node';
import type { Contender, Message, Work } from '../contender.ts';
import { ownBackend } from './backend.ts';
import { Feed } from './feed.ts';

const subject = 'bench';
const streams = 'bench.streams';

/**
 * The client library's own request and reply, JSON both ways: the usual way to call over NATS. It has no streams: the
 * messages of one go to an inbox, as many as its reader has asked for.
 */
export const natsRequest: Contender = {
  async serve(work) {
    const server = await ownBackend('nats');
    const connection = await connectTo(server.url);
    const answer = async (message: Msg): Promise<void> => {
      message.respond(JSON.stringify(await work.handle(message.json())));
    };
    receive(connection, subject, answer);
    receive(connection, streams, (message) => send(connection, message, work));
    await connection.flush();
    return {
      address: server.url,
      async close() {
        await connection.drain();
        await server.close();
      },
    };
  },
  async connect(address) {
    const connection = await connectTo(address);
    const options = { timeout: 10_000 };
    return {
      async call(request) {
        return (await connection.request(subject, JSON.stringify(request), options)).json();
      },
      stream(request) {
        const inbox = `${subject}.inbox.${request.n}`;
        const feed = new Feed((count) =>
          connection.publish(streams, JSON.stringify({ request, count }), { reply: inbox }),
        );
        connection.subscribe(inbox, { callback: (_, message) => feed.give(message.json()) });
        return feed;
      },
      close: () => connection.close(),
    };
  },
};

function connectTo(url: string): Promise<NatsConnection> {
  return connect({ servers: url.replace('nats://', '') });
}

function receive(connection: NatsConnection, subject: string, handle: (message: Msg) => Promise<void>): void {
  connection.subscribe(subject, {
    callback: (_, message) => {
      handle(message).catch(() => connection.close()); // calls that wait fail with the run
    },
  });
}

async function send(connection: NatsConnection, message: Msg, { handle }: Work): Promise<void> {
  const { request, count }: { readonly request: Message; readonly count: number } = message.json();
  const reply = await handle(request);
  for (let left = count; left > 0; left--) connection.publish(message.reply ?? '', JSON.stringify(reply));
}
