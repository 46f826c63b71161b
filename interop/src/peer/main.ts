// Our peer: a service that serves, calls, publishes and watches as lines of JSON on its input say (protocol.ts). What
// it is made of is told by the same environment variables as the Go peer's. It ends with its input.
import { createInterface } from 'node:readline';
import { createService, kindNames, MicroError, type PluginOptions } from '@micro/core';
import type { Command } from '../protocol.ts';
import { commandsOf } from './commands.ts';
import { echo, greeter, numbers } from './contract.ts';
import { failureOf } from './failure.ts';
import { echoHandlers, greeterHandlers } from './handlers.ts';
import { mirror, mirrorHandlers } from './messages.ts';
import { me, tell } from './tell.ts';

const ofCore = new Set(['memory', 'json']);
for (const kind of kindNames()) {
  const name = process.env[`MICRO_${kind.toUpperCase()}`];
  if (name !== undefined && !ofCore.has(name)) await import(`@micro/${kind}-${name}`);
}

const options: PluginOptions = JSON.parse(process.env.PEER_OPTIONS ?? '{}');
const service = createService({ ...options, hooks: { afterStart: () => tell({ event: 'ready' }) } });
service.handle(greeter(service.name), greeterHandlers);
service.handle(echo(service.name), echoHandlers);
service.handle(mirror(service.name), mirrorHandlers);
for (const subscription of process.env.PEER_SUBSCRIBE?.split(',') ?? []) {
  const [topic = '', queue] = subscription.split('=');
  service.subscribe(
    numbers(topic),
    ({ n, text }, { metadata }) => tell({ event: 'message', topic, n, text, headers: metadata }),
    { queue },
  );
}

const commands = commandsOf(service);
createInterface(process.stdin)
  .on('line', (line) => void obey(JSON.parse(line)))
  .on('close', () => process.exit());

async function obey({ n, do: what, ...args }: Command): Promise<void> {
  try {
    tell({ n, result: await commands[what](args) });
  } catch (error) {
    tell({ n, error: failureOf(MicroError.from(error)) });
  }
}

await service.run().catch((error) => {
  process.stderr.write(`${me}: ${error}\n`);
  process.exit(1);
});
process.exit();
