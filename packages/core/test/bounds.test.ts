import { describe, expect, test } from '@jest/globals';
import { channel } from '../src/index.ts';
import { client, still } from './fleet.ts';
import { record, scriptedRegistry } from './scripted-registry.ts';
import { scriptedTransport } from './scripted-transport.ts';

test('endpoints called without a contract are kept up to a bound; beyond they are called all the same', async () => {
  const registry = scriptedRegistry(() => [record('s', ['a'])]);
  const transport = scriptedTransport((call) => call.done(call.target.endpoint));
  const caller = client({ registry, transport });
  const names = Array.from({ length: 10_001 }, (_, n) => `E.M${n}`);
  for (const name of names) expect(await caller.call('s', name, 0)).toBe(name);
  const indices = transport.to('a:1').requests.map(({ target }) => target.index);
  expect(indices.slice(0, 3)).toEqual([1, 2, 3]);
  expect(await caller.call('s', 'E.M0', 0)).toBe('E.M0');
  // 0 tells the transport to keep nothing: E.M0 was forgotten, and is one name too many now
  expect(transport.to('a:1').requests.at(-1)?.target.index).toBe(0);
});

describe('a channel', () => {
  test('holds as many as its buffer, then its writer waits for the reader', async () => {
    for (const buffer of [0, 1, 3]) {
      const pipe = channel<number>({ buffer });
      let sent = 0;
      const writing = (async () => {
        for (let n = 0; n < 10; n++) {
          await pipe.send(n);
          sent++;
        }
        pipe.end();
      })();
      await still(() => sent);
      expect(sent).toBe(Math.max(0, buffer - 1));
      const read: number[] = [];
      for await (const n of pipe) {
        read.push(n);
        expect(sent - read.length).toBeLessThanOrEqual(Math.max(1, buffer));
      }
      await writing;
      expect(read).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
    }
  });

  test('refuses a buffer that is no bound', () => {
    for (const buffer of [Number.NaN, -1]) expect(() => channel({ buffer })).toThrow('buffer must be');
  });

  test('ended with an error hands over what was sent before it', async () => {
    const pipe = channel<number>();
    await pipe.send(1);
    pipe.end(new RangeError('enough'));
    await expect(pipe.send(2)).rejects.toMatchObject({ code: 'canceled' });
    const read: number[] = [];
    const reading = (async () => {
      for await (const n of pipe) read.push(n);
    })();
    await expect(reading).rejects.toThrow('enough');
    expect(read).toEqual([1]);
  });
});
