// A process that waits: node idle.js [TRANSPORT]. With a transport it has a service, found by mDNS, that nobody calls.
import { writeSync } from 'node:fs';

const [transport] = process.argv.slice(2);
const parent = process.ppid;
if (transport !== undefined) {
  const { contract, createService, rpc, type } = await import('@micro/core');
  await import('@micro/registry-mdns');
  await (transport === 'http' ? import('@micro/transport-http') : import('@micro/transport-tcp'));
  const echo = contract('bench', 'Bench', {
    call: rpc({ request: type<object>(), response: type<object>() }),
  });
  const service = createService({
    ...{
      name: 'bench',
      registry: 'mdns',
      transport: transport === 'http' ? 'http' : 'tcp',
      broker: 'memory',
    },
    ...{ ambient: false, address: '127.0.0.1:0' },
  });
  service.handle(echo, { call: async (message) => message });
  await service.start();
}
// not process.stdout, which a process that only waits would not load
writeSync(1, 'ready\n');
setInterval(() => {
  if (process.ppid !== parent) process.exit();
}, 500);
