import { type ICustomPartitioner, Partitioners } from 'kafkajs';

/** Messages without a key that go to one partition before the next one's turn: a batch keeps its order. */
const stickiness = 8;

/** By the key's hash, as Kafka's Java client does; without one, some publishes to each partition in turn. */
export function makePartitioner(): { readonly partitioner: ICustomPartitioner; nextTurn(): void } {
  const byKey = Partitioners.DefaultPartitioner();
  let publishes = Math.floor(Math.random() * 1_000) * stickiness;
  return {
    partitioner: () => (args) => {
      const { key, partition } = args.message;
      if (partition !== undefined || (key !== null && key !== undefined)) return byKey(args);
      const partitions = args.partitionMetadata;
      const turn = Math.floor(publishes / stickiness) % partitions.length;
      return partitions[turn]?.partitionId ?? 0;
    },
    nextTurn() {
      publishes++;
    },
  };
}
