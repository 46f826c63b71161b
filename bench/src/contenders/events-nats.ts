import { natsBroker } from '@micro/broker-nats';
import { AckPolicy, jetstream, jetstreamManager } from '@nats-io/jetstream';
import { connect } from '@nats-io/transport-node';
import type { Contender } from '../contender.ts';
import { bodyOf, brokerEvents, envelope, eventCaller, serveBackend } from './events.ts';

const serve = serveBackend('nats');
const subject = 'bench.bare';

export const eventsNats: Contender = {
  serve,
  connect: (address) => brokerEvents(natsBroker({ address })),
};

/** Core NATS: stored nowhere. */
export const eventsPlain: Contender = {
  serve,
  connect: (address) => brokerEvents(natsBroker({ address, jetstream: false })),
};

/** The library's stream, publish and consume, with go-micro's envelope. */
export const eventsNatsBare: Contender = {
  serve,
  connect: (address) =>
    eventCaller(async (handle) => {
      const connection = await connect({ servers: address.replace('nats://', '') });
      const manager = await jetstreamManager(connection);
      await manager.streams.add({ name: 'BENCH', subjects: [subject] });
      await manager.consumers.add('BENCH', { durable_name: 'bench', ack_policy: AckPolicy.Explicit });
      const client = jetstream(connection);
      const consumer = await client.consumers.get('BENCH', 'bench');
      await consumer.consume({
        max_messages: 64,
        callback(message) {
          handle(bodyOf(message.string()));
          message.ack();
        },
      });
      return {
        publish: (body) => client.publish(subject, envelope(subject, body)),
        close: () => connection.close(),
      };
    }),
};

/** The library's publish and flush. */
export const eventsPlainBare: Contender = {
  serve,
  connect: (address) =>
    eventCaller(async (handle) => {
      const connection = await connect({ servers: address.replace('nats://', '') });
      connection.subscribe(subject, {
        queue: 'bench',
        callback: (_, message) => handle(bodyOf(message.string())),
      });
      await connection.flush();
      return {
        publish(body) {
          connection.publish(subject, envelope(subject, body));
          return connection.flush();
        },
        close: () => connection.close(),
      };
    }),
};
