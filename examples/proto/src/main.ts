import { createClient, memoryRegistry } from '@micro/core';
import { Greeter } from './gen/greeter/v1/greeter.micro.ts';
import { greeterService } from './service.ts';
import '@micro/transport-grpc';
import '@micro/transport-http';
import '@micro/transport-tcp';
import { visit } from './visit.ts';

/** One service after the other, on each transport, visited in protobuf and in JSON. */
for (const transport of ['grpc', 'tcp', 'http'] as const) {
  const registry = memoryRegistry({ network: transport });
  const service = greeterService({ transport, registry, address: '127.0.0.1:0' });
  await service.start();
  for (const codec of ['protobuf', 'json'] as const) {
    const client = createClient({ transport, registry, codec });
    console.log(`${transport}, ${codec}: ${(await visit(client.of(Greeter))).join(', ')}`);
    await client.close();
  }
  await service.stop();
}
