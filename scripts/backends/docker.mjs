import { fileURLToPath } from 'node:url';
import { run } from './processes.mjs';

const compose = ['compose', '-f', fileURLToPath(new URL('compose.yaml', import.meta.url))];

/** Starts the services of compose.yaml and waits until they are healthy. Resolves with their addresses. */
export async function dockerUp(backends) {
  await run('docker', [...compose, 'up', '--detach', '--wait', ...backends.map(({ name }) => name)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  return backends.map((backend) => ({ backend, url: addresses[backend.name] }));
}

export async function dockerDown(backends) {
  const names = backends.map(({ name }) => name);
  await run('docker', [...compose, 'rm', '--stop', '--force', '--volumes', ...names]);
}

/** The ports that compose.yaml publishes. */
const addresses = {
  etcd: 'http://127.0.0.1:2379',
  nats: 'nats://127.0.0.1:4222',
  'nats-debian': 'nats://127.0.0.1:4229',
  zookeeper: '127.0.0.1:2181',
  rabbitmq: 'amqp://guest:guest@127.0.0.1:5672',
  kafka: '127.0.0.1:9092',
  consul: 'http://127.0.0.1:8500',
};
