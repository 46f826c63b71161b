/**
 * Runs examples/hello with every registry, broker and transport of this repository, three at a time, one run after
 * the other. A line for each run; the whole output of one that fails. Needs the build, and fetches the servers.
 */
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { publicPackages, root } from './lib/workspace.mjs';

const runs = [
  { registry: 'mdns', broker: 'http', transport: 'tcp' },
  { registry: 'etcd', broker: 'nats', transport: 'grpc' },
  { registry: 'consul', broker: 'kafka', transport: 'http' },
  { registry: 'nats', broker: 'rabbitmq', transport: 'nats' },
  { registry: 'zookeeper', broker: 'http', transport: 'rabbitmq' },
];

for (const { manifest } of publicPackages()) {
  const { kind, name } = manifest.micro ?? {};
  if (['registry', 'broker', 'transport'].includes(kind) && !runs.some((run) => run[kind] === name))
    throw new Error(`no run has ${manifest.name}: add it to scripts/hello-all.mjs`);
}
for (const { registry, broker, transport } of runs) {
  const env = { ...process.env, MICRO_REGISTRY: registry, MICRO_BROKER: broker, MICRO_TRANSPORT: transport };
  const start = performance.now();
  const { code, output } = await hello(env);
  const calls = /^ +calls +([\d,]+)/m.exec(output)?.[1] ?? 'no';
  const said = `${registry}, ${broker}, ${transport}: ${calls} calls`;
  const seconds = ((performance.now() - start) / 1000).toFixed(1);
  console.log(`${code === 0 ? 'ok    ' : 'FAILED'} ${said} (${seconds} s)`);
  if (code === 0) continue;
  console.error(output);
  process.exitCode = 1;
}

function hello(env) {
  const main = join(root, 'examples/hello/dist/main.js');
  return new Promise((resolve) => {
    execFile(process.execPath, [main], { env, maxBuffer: 1 << 26 }, (error, stdout, stderr) => {
      resolve({ code: error === null ? 0 : (error.code ?? error.signal), output: stdout + stderr });
    });
  });
}
