import { describe, expect, test } from '@jest/globals';
import { newTurns } from '@micro/core/plugin';
import { decode } from 'dns-packet';
import { newAsker } from '../src/query.ts';

const nothing = (): undefined => undefined;

describe('asking', () => {
  test('lasts longer while answers still come, but not without end', async () => {
    const { ask } = newAsker({ send: async () => {}, queryMs: 50 });
    const ended: string[] = [];
    const talking = ask('talking', () => ({ oldest: performance.now(), newest: performance.now() })).then(
      () => ended.push('talking'),
    );
    const quiet = ask('quiet', nothing).then(() => ended.push('quiet'));
    await Promise.all([talking, quiet]);
    expect(ended).toEqual(['quiet', 'talking']);
  });

  test('repeats the question once when nobody answered, and not when all did', async () => {
    const sent: string[] = [];
    const send = async (bytes: Buffer): Promise<void> => {
      sent.push(decode(bytes).questions?.[0]?.name ?? '');
    };
    const { ask } = newAsker({ send, queryMs: 30 });
    await Promise.all([
      ask('silent', nothing),
      ask('known', () => ({ oldest: Number.MAX_VALUE, newest: 0 })),
    ]);
    expect(sent.sort()).toEqual(['known', 'silent', 'silent']);
  });

  test('a caller that comes while a question is out gets the answers of the next', async () => {
    let sent = 0;
    const send = async (): Promise<void> => {
      sent++;
    };
    const { ask } = newAsker({ send, queryMs: 20 });
    const heard = (): { oldest: number; newest: number } => ({ oldest: Number.MAX_VALUE, newest: 0 });
    const first = ask('a', heard);
    await Promise.resolve();
    await Promise.resolve();
    const asked = performance.now();
    const others = [ask('a', heard), ask('a', heard), ask('a', heard)];
    expect(await first).toBeLessThanOrEqual(asked);
    for (const other of others) expect(await other).toBeGreaterThan(asked);
    expect(sent).toBe(2);
  });

  test('is not remembered when it failed, and ends with the error when closed', async () => {
    const errors = [new Error('no network')];
    const send = async (): Promise<void> => {
      const error = errors.pop();
      if (error !== undefined) throw error;
    };
    const { ask, close } = newAsker({ send, queryMs: 20 });
    await expect(ask('a', nothing)).rejects.toThrow('no network');
    await ask('a', nothing);
    const asked = expect(ask('a', nothing)).rejects.toThrow('closed');
    await new Promise(setImmediate);
    close(new Error('closed'));
    await asked;
  });
});

test('turns are taken in order, so many at once, and given on after a failure', async () => {
  const inTurn = newTurns(2);
  let running = 0;
  let most = 0;
  const order: number[] = [];
  const run = async (turn: number): Promise<void> => {
    most = Math.max(most, ++running);
    order.push(turn);
    await new Promise(setImmediate);
    running--;
    if (turn % 2 === 0) throw new Error('even');
  };
  const results = await Promise.allSettled(Array.from({ length: 9 }, (_, turn) => inTurn(() => run(turn))));
  expect(results.filter(({ status }) => status === 'rejected')).toHaveLength(5);
  expect([most, order]).toEqual([2, [0, 1, 2, 3, 4, 5, 6, 7, 8]]);
});
