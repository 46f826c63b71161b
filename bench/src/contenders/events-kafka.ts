import { kafkaBroker } from '@micro/broker-kafka';
import { Kafka, logLevel } from 'kafkajs';
import type { Contender } from '../contender.ts';
import { bodyOf, brokerEvents, envelope, eventCaller, serveBackend } from './events.ts';

const serve = serveBackend('kafka');
const topic = 'bench.bare';

export const eventsKafka: Contender = {
  serve,
  connect: (address) => brokerEvents(kafkaBroker({ address })),
};

/** The library's producer and consumer, with go-micro's envelope; offsets are committed as often as ours. */
export const eventsKafkaBare: Contender = {
  serve,
  connect: (address) =>
    eventCaller(async (handle) => {
      const kafka = new Kafka({ brokers: [address], logLevel: logLevel.NOTHING });
      const admin = kafka.admin();
      await admin.connect();
      await admin.createTopics({ topics: [{ topic }] });
      await admin.disconnect();
      const producer = kafka.producer();
      await producer.connect();
      const consumer = kafka.consumer({ groupId: 'bare', maxWaitTimeInMs: 200 });
      await consumer.connect();
      await consumer.subscribe({ topic, fromBeginning: true });
      await consumer.run({
        autoCommitInterval: 200,
        eachBatch: async ({ batch, resolveOffset, heartbeat, commitOffsetsIfNecessary }) => {
          for (const { value, offset } of batch.messages) {
            handle(bodyOf(String(value)));
            resolveOffset(offset);
          }
          await commitOffsetsIfNecessary();
          await heartbeat();
        },
      });
      return {
        publish: (body) => producer.send({ topic, acks: -1, messages: [{ value: envelope(topic, body) }] }),
        async close() {
          await consumer.disconnect();
          await producer.disconnect();
        },
      };
    }),
};
