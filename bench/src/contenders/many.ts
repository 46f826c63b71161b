import { type Contract, contract, rpc, type ServiceRecord, type, type Unary } from '@micro/core';
import type { Contender, Message } from '../contender.ts';

/** A contract of so many endpoints. */
export function contractOf(count: number): Contract<Record<string, Unary<Message, Message>>> {
  const one = rpc({ request: type<Message>(), response: type<Message>() });
  return contract(
    'bench',
    'Many',
    Object.fromEntries(Array.from({ length: count }, (_, index) => [`call${index}`, one])),
  );
}

/** The same address as so many nodes: each has a connection of its own, and they share a process. */
export function nodesOf(record: ServiceRecord, count: number): ServiceRecord {
  const indexes = Array.from({ length: count }, (_, index) => index);
  const nodes = record.nodes.flatMap((node) =>
    indexes.map((index) => ({ ...node, id: `${node.id}-${index}` })),
  );
  return { ...record, nodes };
}

/** The same contender with so many connections to its server, called in turn. */
export function connections({ serve, connect }: Contender, count: number): Contender {
  return {
    serve,
    async connect(address, work) {
      const callers = await Promise.all(Array.from({ length: count }, () => connect(address, work)));
      return {
        call: inTurn(callers.map(({ call }) => call)),
        async close() {
          await Promise.all(callers.map((caller) => caller.close()));
        },
      };
    },
  };
}

/** All of them, one after the other. */
export function inTurn<T, R>(calls: readonly ((request: T) => Promise<R>)[]): (request: T) => Promise<R> {
  let turn = 0;
  return (request) => {
    turn = turn + 1 === calls.length ? 0 : turn + 1;
    return calls[turn]?.(request) ?? Promise.reject(new Error('there is nothing to call'));
  };
}
