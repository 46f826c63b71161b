import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { afterEach, describe, expect, test } from '@jest/globals';
import { noMetadata, type Transport } from '@micro/core';
import { Pool } from 'undici';
import { describePeer } from '../../../scripts/backends/jest.mjs';
import { httpTransport } from '../src/index.ts';
import { type Failure, portOf, TestAcceptor, TestCall, target } from './world.ts';

const run = promisify(execFile);
const workers = 16;
const rounds = 8;
const transports: Transport[] = [];
afterEach(async () => {
  for (const transport of transports.splice(0)) await transport.close();
});
function transport(frames: false | object): Transport {
  const made = httpTransport({ frames });
  transports.push(made);
  return made;
}

/** How calls ended, and how often. */
type Outcomes = Map<string, number>;
type Caller = (port: number, count: (what: string) => void) => Promise<void>;

/**
 * Servers that drain and close while clients call as fast as they can, on kept connections, until nobody listens:
 * `pause` turns of the loop after the drain.
 */
async function outcomesOf(call: Caller, pause: number, frames: false | object = false): Promise<Outcomes> {
  const outcomes: Outcomes = new Map();
  for (let round = 0; round < rounds; round++) {
    const acceptor = new TestAcceptor();
    const listener = await transport(frames).listen(acceptor, { address: '127.0.0.1:0' });
    const calling = call(portOf(listener), (what) => outcomes.set(what, (outcomes.get(what) ?? 0) + 1));
    while (acceptor.taken.length < 200 + round) await new Promise((resolve) => setImmediate(resolve));
    listener.drain();
    for (let turn = 0; turn < pause; turn++) await new Promise((resolve) => setImmediate(resolve));
    await Promise.all([listener.close(), calling]);
  }
  return outcomes;
}

const undici: Caller = async (port, count) => {
  const pool = new Pool(`http://127.0.0.1:${port}/`, { connections: workers });
  const headers = { 'content-type': 'application/json', 'micro-endpoint': 'Test.echo' };
  const request = { path: '/', method: 'POST', headers, body: '1' } as const;
  const work = async (): Promise<void> => {
    for (let last = ''; last !== 'ECONNREFUSED'; count(last)) {
      last = await pool.request(request).then(
        async ({ statusCode, body }) => `${statusCode} ${(await body.text()).trim()}`,
        (error) => String(error.code),
      );
    }
  };
  await Promise.all(Array.from({ length: workers }, work));
  await pool.destroy();
};

const ours =
  (frames: false | object): Caller =>
  async (port, count) => {
    const metadata = frames === false ? noMetadata : { frames: '1' };
    const connection = transport(frames).dial(`127.0.0.1:${port}`, { metadata });
    const work = async (): Promise<void> => {
      for (let refused = false; !refused; ) {
        const call = new TestCall(target('Test.echo'), '1');
        connection.request(call);
        await call.result.then(
          (body) => count(`answered ${body}`),
          ({ error, delivered }: Failure) => {
            refused = error.message.includes('ECONNREFUSED');
            count(delivered === 'no' ? 'no' : `${delivered} ${error.message}`);
          },
        );
      }
    };
    await Promise.all(Array.from({ length: workers }, work));
  };

describe('a server that is drained under load loses no call', () => {
  test.each([0, 20])('of undici (%i turns from drain to close)', async (pause) => {
    const outcomes = await outcomesOf(undici, pause);
    expect([...outcomes.keys()].filter((one) => !['200 1', '408 ', 'ECONNREFUSED'].includes(one))).toEqual(
      [],
    );
    expect(outcomes.get('ECONNREFUSED')).toBe(workers * rounds);
  });

  test.each([
    ['HTTP', 0, false],
    ['HTTP', 20, false],
    ['frames', 0, {}],
    ['frames', 20, {}],
  ] as const)('of ours over %s (%i turns from drain to close)', async (_, pause, frames) => {
    const outcomes = await outcomesOf(ours(frames), pause, frames);
    expect([...outcomes.keys()].filter((one) => one !== 'answered 1' && one !== 'no')).toEqual([]);
    expect(outcomes.get('answered 1')).toBeGreaterThan(200 * rounds);
  });
});

await describePeer('go', ({ clients }) => {
  test.each([0, 20])(
    'a server that is drained under load loses no call of net/http (%i turns from drain to close)',
    async (pause) => {
      const outcomes = await outcomesOf(async (port, count) => {
        const { stdout } = await run(clients, ['http', `http://127.0.0.1:${port}/`, String(workers)]);
        for (const what of Object.keys(JSON.parse(stdout))) count(what);
      }, pause);
      expect([...outcomes.keys()].filter((one) => !['200', '408', 'refused'].includes(one))).toEqual([]);
      expect(outcomes.get('200')).toBe(rounds);
    },
    60_000,
  );
});
