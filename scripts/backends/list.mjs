import { consul } from './consul.mjs';
import { etcd } from './etcd.mjs';
import { kafka } from './kafka.mjs';
import { nats, natsDebian } from './nats.mjs';
import { rabbitmq } from './rabbitmq.mjs';
import { zookeeper } from './zookeeper.mjs';

/**
 * Every backend, in one shape: `name`, the `variable` that holds an address, its `programs`, how many `ports`,
 * `addresses(ports, options)` with at least a `url`, `prepare` for files, and the `daemons` to start in this order,
 * each with a `ready()` that says whether it answers.
 */
export const backends = Object.fromEntries(
  [etcd, nats, natsDebian, zookeeper, rabbitmq, kafka, consul].map((backend) => [backend.name, backend]),
);

export function backendNamed(name) {
  const backend = Object.hasOwn(backends, name) ? backends[name] : undefined;
  if (backend === undefined)
    throw new Error(`no backend ${name} (have: ${Object.keys(backends).join(', ')})`);
  return backend;
}
