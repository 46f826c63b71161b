import { contract, createClient, createService, type Registry, rpc, type Service, type } from '@micro/core';
import { eventually } from '../eventually.ts';
import type { RegistryFaultScope } from './fault-harness.ts';

/** Services and a caller of core's that find each other through the registry, and call each other in memory. */
export interface Fleet {
  readonly name: string;
  /** Starts one more node; it leaves at the end of the case. */
  join(registry: Registry): Promise<Service>;
  /** One call; resolves with the id of the node that answered. */
  call(): Promise<string>;
  /** Waits until calls have been answered by each of them. */
  reaches(...services: readonly Service[]): Promise<void>;
}

/** How long recovering may take: a backoff of core's, a reconnection, an election. */
export const recoveryMs = 30_000;

export function newFleet(scope: RegistryFaultScope, ttlMs: number, callers: Registry): Fleet {
  const name = scope.unique('fleet');
  const around = {
    transport: { memory: { network: name } },
    broker: { memory: { network: name } },
    argv: [],
    env: {},
  };
  const Node = contract(name, 'Node', {
    id: rpc({ request: type<object>(), response: type<{ id: string }>(), idempotent: true }),
  });
  const client = createClient({ ...around, registry: callers });
  scope.defer(() => client.close());
  const call = async (): Promise<string> => (await client.of(Node).id({}, { timeoutMs: 2_000 })).id;
  return {
    name,
    call,
    async join(registry) {
      const options = { ...around, name, registry, registerTtlMs: ttlMs, leaveMs: 0, drainMs: 1_000 };
      const service: Service = createService(options);
      service.handle(Node, { id: () => ({ id: service.id }) });
      scope.defer(() => service.stop());
      await service.start();
      return service;
    },
    async reaches(...services) {
      const missing = new Set(services.map(({ id }) => id));
      await eventually(
        async () => {
          missing.delete(await call());
          return missing.size === 0;
        },
        { timeoutMs: recoveryMs },
      );
    },
  };
}
