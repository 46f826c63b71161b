import { createService, topic, type } from '@micro/core';
import '@micro/registry-mdns';
import '../src/index.ts';

// A subscriber in a process of its own: prints what it gets, ends when its input does.
const [port, group = '', queue] = process.argv.slice(2);
const service = createService({
  name: `${group}-subscriber`,
  registry: { mdns: { port: Number(port), interface: '127.0.0.1' } },
  broker: 'http',
  advertise: '127.0.0.1:9', // of the memory transport, which has no address that DNS could carry
  leaveMs: 0,
});
service.subscribe(topic(group, type<number>()), (event) => console.log(event), { queue: queue || undefined });
await service.start();
console.log('ready');
process.stdin.resume().on('end', () => void service.stop());
