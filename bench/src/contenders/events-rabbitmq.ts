import { rabbitmqBroker } from '@micro/broker-rabbitmq';
import { connect } from 'amqplib';
import type { Contender } from '../contender.ts';
import { brokerEvents, eventCaller, goHeader, serveBackend } from './events.ts';

const serve = serveBackend('rabbitmq');
const topic = 'bench.bare';

export const eventsRabbitmq: Contender = {
  serve,
  connect: (address) => brokerEvents(rabbitmqBroker({ address })),
};

/** The library's confirms and acknowledgements, with go-micro's headers and the same exchanges and kind of queue. */
export const eventsRabbitmqBare: Contender = {
  serve,
  connect: (address) =>
    eventCaller(async (handle) => {
      const connection = await connect(address, { noDelay: true });
      const publishing = await connection.createConfirmChannel();
      const consuming = await connection.createChannel();
      await consuming.assertExchange('bare', 'topic', { durable: false });
      await consuming.assertExchange('bare.durable', 'topic', { durable: true });
      await consuming.bindExchange('bare', 'bare.durable', '#');
      const { queue } = await consuming.assertQueue('bare', {
        durable: true,
        arguments: { 'x-queue-type': 'quorum' },
      });
      for (const exchange of ['bare', 'bare.durable']) await consuming.bindQueue(queue, exchange, topic);
      await consuming.prefetch(64);
      await consuming.consume(queue, (message) => {
        if (message === null) return;
        handle(message.content);
        consuming.ack(message);
      });
      return {
        publish: (body) =>
          new Promise<void>((resolve, reject) => {
            const options = {
              headers: goHeader(topic),
              persistent: true,
              timestamp: Math.floor(Date.now() / 1_000),
            };
            publishing.publish('bare.durable', topic, Buffer.from(body), options, (error) =>
              error ? reject(error) : resolve(),
            );
          }),
        close: () => connection.close(),
      };
    }),
};
