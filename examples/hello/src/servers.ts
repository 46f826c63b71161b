import { type BackendServer, startBackend } from '../../../scripts/backends/index.mjs';
import { say } from './cast.ts';
import { chosen } from './chosen.ts';

const backends = ['etcd', 'consul', 'zookeeper', 'nats', 'kafka', 'rabbitmq'] as const;
// Others go to their callers through the server of their transport
const listening = ['http', 'tcp', 'grpc'];

/** What the chosen plugins need besides themselves. */
export interface Servers {
  /** Where they are, for the environment of the parts. */
  readonly env: Readonly<Record<string, string>>;
  stop(): Promise<void>;
}

/** Starts the servers of the chosen plugins, each once. One whose address is in the environment is used as it is. */
export async function startServers(): Promise<Servers> {
  const running = new Map<string, BackendServer>();
  const env: Record<string, string> = {};
  const stop = async (): Promise<void> => {
    await Promise.all([...running.values()].map((server) => server.close()));
  };
  try {
    for (const [kind, name] of Object.entries(chosen)) {
      env[`MICRO_${kind.toUpperCase()}`] = name;
      const variable = `MICRO_${kind.toUpperCase()}_ADDRESS`;
      const backend = backends.find((one) => one === name);
      if (backend === undefined || process.env[variable]) continue;
      if (!running.has(backend)) {
        say('hello', `a server of ${backend} is needed: it is fetched where it is missing, then started`);
        running.set(backend, await startBackend(backend, { shared: true }));
      }
      env[variable] = running.get(backend)?.url ?? '';
    }
  } catch (error) {
    await stop();
    throw error;
  }
  // All parts are on this machine: an example should not be open to the network it runs in
  if (listening.includes(chosen.transport)) env.MICRO_SERVER_ADDRESS = '127.0.0.1:0';
  return { env, stop };
}
