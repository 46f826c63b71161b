import type { BenchCase } from './bench-case.ts';
import { coreCases } from './cases/core.ts';
import { eventCases } from './cases/events.ts';
import { grpcCases } from './cases/grpc.ts';
import { heapCases } from './cases/heap.ts';
import { httpCases } from './cases/http.ts';
import { memoryCases } from './cases/memory.ts';
import { natsCases } from './cases/nats.ts';
import { processCases } from './cases/process.ts';
import { registryCases } from './cases/registries.ts';
import { rpcCases } from './cases/rpc.ts';
import { tcpCases } from './cases/tcp.ts';

/** Every case; the targets are those of the issue that asked for them. */
export const cases: readonly BenchCase[] = [
  ...rpcCases,
  ...memoryCases,
  ...httpCases,
  ...tcpCases,
  ...grpcCases,
  ...natsCases,
  ...eventCases,
  ...registryCases,
  ...coreCases,
  ...heapCases,
  ...processCases,
];
