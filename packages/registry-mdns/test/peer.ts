import { mdnsRegistry } from '../src/index.ts';

// Another process: registers a node and says so, then does as it is told. Ends when its input does.
const [port, name = '', ttlMs] = process.argv.slice(2);
const registry = mdnsRegistry({ port: Number(port), interface: '127.0.0.1' });
const nodes = [
  { id: `${name}-${process.pid}`, address: 'localhost:4000', metadata: { pid: String(process.pid) } },
];
const record = { name, version: '1', metadata: {}, endpoints: [], nodes };
await registry.register(record, { ttlMs: Number(ttlMs) });
process.stdout.write('registered\n');
for await (const order of process.stdin) {
  if (String(order).startsWith('find')) {
    const found = await registry.getService(String(order).trim().slice('find '.length));
    process.stdout.write(`${JSON.stringify(found)}\n`);
  } else await registry.deregister(record);
}
await registry.close();
