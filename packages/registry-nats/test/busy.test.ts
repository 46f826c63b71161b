import { spawnSync } from 'node:child_process';
import { afterEach, beforeAll, expect, test } from '@jest/globals';
import { connect } from '@nats-io/transport-node';
import type { BackendServer } from '../../../scripts/backends/index.mjs';
import { describeBackend } from '../../../scripts/backends/jest.mjs';
import { natsRegistry } from '../src/index.ts';

const nodes = [{ id: 'greeter-1', address: '127.0.0.1:1000', metadata: {} }];
const greeter = JSON.stringify({ name: 'greeter', version: '1', metadata: null, endpoints: [], nodes });
/** Publishes a text, and ends when the server has it. */
const answerer = `
  const [port, subject, text] = process.argv.slice(1);
  const socket = require('node:net').connect(Number(port), '127.0.0.1');
  socket.write('CONNECT {"verbose":false}\\r\\nPUB ' + subject + ' ' + text.length + '\\r\\n' + text + '\\r\\nPING\\r\\n');
  let said = '';
  socket.on('data', (bytes) => (said += bytes).includes('PONG') && socket.destroy());
`;

await describeBackend('nats', ({ start }) => {
  let server: BackendServer;
  const closing: (() => Promise<void>)[] = [];
  beforeAll(async () => {
    server = await start();
  });
  afterEach(async () => {
    for (const close of closing.splice(0)) await close();
  });

  test('who answers in time is found, also by a process that was too busy to listen', async () => {
    const queryMs = 500;
    const registry = natsRegistry({ address: server.url, queryMs });
    const witness = await connect({ servers: server.url.replace('nats://', '') });
    closing.push(
      () => registry.close(),
      () => witness.close(),
    );
    const { port } = new URL(server.url);
    let askedAt: string | undefined;
    witness.subscribe('micro.nats.query', {
      callback: (_, { reply }) => {
        askedAt = reply;
      },
    });
    await witness.flush();
    const finding = registry.getService('greeter');
    while (askedAt === undefined) await new Promise(setImmediate);
    for (let turn = 0; turn < 5; turn++) await witness.flush(); // the registry waits for answers by now
    const until = performance.now() + queryMs;
    const { status } = spawnSync(process.execPath, ['-e', answerer, port, askedAt, greeter]);
    while (performance.now() < until); // nothing else can run
    expect(status).toBe(0);
    expect(await finding).toMatchObject([{ name: 'greeter', nodes }]);
  });
});
