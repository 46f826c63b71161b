// A service in a process of its own: <address> <name> <ttlMs>. Leaves with the end of its standard input.
import { createService } from '@micro/core';
import { zookeeperRegistry } from '../src/index.ts';

const [address = '', name = '', ttlMs] = process.argv.slice(2);
const around = { transport: 'memory', broker: 'memory', argv: [], env: {} } as const;
const registry = zookeeperRegistry({ address, sessionTimeoutMs: Number(ttlMs) / 8 });
const service = createService({ ...around, name, registry, registerTtlMs: Number(ttlMs) });
await service.start();
process.stdout.write('registered\n');
process.stdin.resume().once('end', async () => {
  await service.stop();
  await registry.close();
});
