import { createService, type Registry } from '@micro/core';

/**
 * What `startProcess` of the fault suite starts: a process with a service of core's, which leaves with the end of its
 * standard input. Its arguments: the server's address, the service's name, its TTL in ms. Writes `registered` when it is.
 */
export async function runServiceProcess(open: (address: string, ttlMs: number) => Registry): Promise<void> {
  const [address = '', name = '', ttl] = process.argv.slice(2);
  const ttlMs = Number(ttl);
  const around = { transport: 'memory', broker: 'memory', argv: [], env: {} } as const;
  const registry = open(address, ttlMs);
  const service = createService({ ...around, name, registry, registerTtlMs: ttlMs });
  await service.start();
  process.stdout.write('registered\n');
  process.stdin.resume().once('end', async () => {
    await service.stop();
    await registry.close();
  });
}
