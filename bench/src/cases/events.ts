import { type BenchCase, inside } from '../bench-case.ts';
import { echo } from '../work.ts';

const shared = { ...inside, work: echo, inFlight: [64], turn: { ms: 150 }, rounds: 10 } as const;
const goal = { inFlight: 64, figure: 'ratio', atLeast: 0.85 } as const;

export const eventCases: readonly BenchCase[] = [
  {
    ...shared,
    name: 'events-nats',
    about:
      "an event stored by JetStream, confirmed, handled and acknowledged; against @nats-io/jetstream's publish and consume",
    reference: 'events-nats-bare',
    contenders: ['events-nats'],
    targets: [{ contender: 'events-nats', ...goal }],
  },
  {
    ...shared,
    name: 'events-plain',
    about: 'an event over core NATS, flushed and handled; against @nats-io/transport-node',
    reference: 'events-plain-bare',
    contenders: ['events-plain'],
    targets: [{ contender: 'events-plain', ...goal }],
  },
  {
    ...shared,
    name: 'events-rabbitmq',
    about: 'a persistent event into a quorum queue, confirmed, handled and acknowledged; against amqplib',
    reference: 'events-rabbitmq-bare',
    contenders: ['events-rabbitmq'],
    targets: [{ contender: 'events-rabbitmq', ...goal }],
  },
  {
    ...shared,
    name: 'events-kafka',
    about: 'an event to Kafka with acks -1, handled, its offset committed now and then; against kafkajs',
    reference: 'events-kafka-bare',
    contenders: ['events-kafka'],
    targets: [{ contender: 'events-kafka', ...goal }],
  },
];
