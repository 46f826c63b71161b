import { type BenchCase, inside } from '../bench-case.ts';
import { nothing } from '../work.ts';

const contenders = ['watch-consul', 'watch-etcd', 'watch-zookeeper', 'watch-nats'];

export const registryCases: readonly BenchCase[] = [
  {
    name: 'registry-watch',
    about:
      'a change in a registry until the last of 50 watching clients, each with a connection of its own, has been told; against the memory registry',
    ...inside,
    cores: 'any',
    reference: 'watch-memory',
    contenders,
    work: nothing,
    inFlight: [1],
    turn: { ms: 1_000 },
    rounds: 3,
    targets: contenders.map((contender) => ({
      ...{ contender, inFlight: 1 },
      ...{ figure: 'maxUs', atMost: 1_000_000 },
    })),
  },
];
