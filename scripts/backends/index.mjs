/**
 * Real servers for tests, benchmarks and examples. In a test file (types in index.d.mts and jest.d.mts):
 *
 *   import { describeBackend } from '../../../scripts/backends/jest.mjs';
 *
 *   await describeBackend('etcd', ({ start }) => {
 *     let server: BackendServer;
 *     beforeAll(async () => { server = await start(); });          // its own server, free ports, empty data
 *     test('...', async () => {
 *       const registry = etcdRegistry({ address: server.url });
 *       await server.stop();                                       // politely; kill() with SIGKILL
 *       await server.start();                                      // the same ports and data
 *       server.freeze(); server.thaw();                            // SIGSTOP, SIGCONT
 *     });
 *   });
 *
 * describeBackend skips its body with one line that says what is missing and how to get it, where the server is not
 * there and not quick to get; with MICRO_BACKENDS=required it fetches whatever is needed and fails without it. What a
 * body has started is closed after it; a server also dies with its test process, however that ends.
 *
 * Without jest: `const server = await startBackend('etcd', options)`, and `await server.close()`.
 *
 * Names: etcd, nats, nats-debian, zookeeper, rabbitmq, kafka, consul. Options are in each backend's file. A server is
 * looked for on the PATH, then in the cache, then fetched: Debian packages and jars (seconds) whenever they are needed,
 * what is built (a current nats-server, Consul) only by `npm run backends -- fetch` or where it is required.
 *
 * `startBackend(name, { shared: true })`, and `describeBackend(name, body, { shared: true })`: where the environment has
 * an address (ETCD_URL, ...), that server is used instead. It is not ours, so it cannot be stopped or configured.
 */
import { backendNamed } from './list.mjs';
import { obstacle } from './programs.mjs';
import { ownServer } from './server.mjs';

/** Whether nothing may be missing. */
export const required = process.env.MICRO_BACKENDS === 'required';

export async function startBackend(name, { shared = false, ...options } = {}) {
  const backend = backendNamed(name);
  const address = shared ? process.env[backend.variable] : undefined;
  return address ? foreignServer(backend, address) : ownServer(backend, options);
}

/** Why the backend cannot be started at once, in a line that says how to get it; undefined when it can. */
export async function whyNot(name, { shared = false } = {}) {
  const backend = backendNamed(name);
  if (required || (shared && process.env[backend.variable])) return undefined;
  for (const program of Object.values(backend.programs)) {
    const reason = await obstacle(program);
    if (reason !== undefined) return `${reason}: npm run backends -- fetch ${name}`;
  }
  return undefined;
}

function foreignServer({ name, variable }, address) {
  const refuse = async () => {
    throw new Error(`the server of ${variable} is not ours to stop: leave out { shared: true }`);
  };
  const close = async () => {};
  const methods = { start: refuse, stop: refuse, kill: refuse, freeze: refuse, thaw: refuse };
  return { name, url: address, addresses: { url: address }, ...methods, close, [Symbol.asyncDispose]: close };
}
