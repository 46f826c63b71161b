import { expect, test } from '@jest/globals';
import {
  type Acceptor,
  type Delivered,
  type MicroError,
  noMetadata,
  type OutgoingCall,
  type Target,
} from '@micro/core';
import { tcpTransport } from '../src/index.ts';

const rounds = 20;
const workers = 64;
const target: Target = {
  ...{ index: 1, service: 'greeter', endpoint: 'Test.Echo' },
  ...{ contentType: 'application/json', text: true },
};

test.each([0, 20])(
  'a call that crosses the end of a server is answered, or refused as not delivered (%i turns from drain to close)',
  async (pause) => {
    const outcomes = new Map<string, number>();
    let taken = 0;
    const echo: Acceptor = {
      endpoints: [],
      route: () => ({ found: true, kind: 'unary', text: true }),
      call(_, call) {
        taken++;
        queueMicrotask(() => call.reply(call.body));
        return { cancel() {} };
      },
      stream: () => ({ message() {}, end() {}, fail() {}, drained() {} }),
    };
    for (let round = 0; round < rounds; round++) {
      taken = 0;
      const server = tcpTransport();
      const client = tcpTransport();
      const listener = await server.listen(echo, { address: '127.0.0.1:0' });
      const connection = client.dial(listener.address, { metadata: noMetadata });
      let settled = 0;
      const call = (body: string): Promise<string> =>
        new Promise((resolve) => {
          const end = (what: string): void => {
            settled++;
            resolve(what);
          };
          const outgoing: OutgoingCall = {
            ...{ target, body, deadline: 0, metadata: undefined, slot: -1 },
            done: (reply) => end(reply === body ? 'answered' : 'wrong'),
            fail: ({ message }: MicroError, delivered: Delivered) =>
              end(/ECONNREFUSED/.test(message) ? 'gone' : delivered),
          };
          connection.request(outgoing);
        });
      let calls = 0;
      const work = async (): Promise<void> => {
        for (let last = ''; last !== 'gone'; outcomes.set(last, (outcomes.get(last) ?? 0) + 1))
          last = await call(`"${calls++}"`);
      };
      const all = Promise.all(Array.from({ length: workers }, work));
      while (taken < 500 + 13 * round) await new Promise((resolve) => setImmediate(resolve));
      listener.drain();
      for (let turn = 0; turn < pause; turn++) await new Promise((resolve) => setImmediate(resolve));
      await Promise.all([listener.close(), all]);
      expect(settled).toBe(calls);
      await Promise.all([client.close(), server.close()]);
    }
    expect([...outcomes.keys()].filter((one) => !['answered', 'no', 'gone'].includes(one))).toEqual([]);
    expect(outcomes.get('answered')).toBeGreaterThan(500 * rounds);
    expect(outcomes.get('gone')).toBe(workers * rounds);
  },
);
