import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { groupOf, isGroupOf, topicOf } from '../src/names.ts';
import { settingsOf } from '../src/options.ts';
import { makeProgress } from '../src/progress.ts';

describe('progress in a partition', () => {
  test('commits the lowest offset that is not done, and tells nothing twice', () => {
    const progress = makeProgress(10);
    expect(progress.take()).toEqual({ offset: '10', metadata: '' });
    expect(progress.take()).toBeUndefined();
    for (const offset of [10, 11, 12]) expect(progress.begin(offset)).toBe(1);
    progress.done(11);
    expect(progress.take()).toEqual({ offset: '10', metadata: 'micro1 3 0:1 2:1' });
    progress.done(10);
    progress.done(12);
    expect(progress.take()).toEqual({ offset: '13', metadata: '' });
    progress.untake();
    expect(progress.take()).toEqual({ offset: '13', metadata: '' });
  });

  test('another member goes on: what is done is not begun, what failed has its attempts', () => {
    const one = makeProgress(0);
    for (const offset of [0, 1, 2, 3]) one.begin(offset);
    one.done(1);
    one.again(2, 4);
    const { offset, metadata } = one.take() ?? { offset: '', metadata: '' };
    const two = makeProgress(Number(offset), metadata);
    expect([0, 1, 2, 3, 4].map((at) => two.begin(at))).toEqual([2, undefined, 5, 2, 1]);
  });

  test('what was restored and not begun yet is committed again', () => {
    const one = makeProgress(5, 'micro1 10 3:2 7:1');
    expect(one.take()).toEqual({ offset: '8', metadata: 'micro1 7 0:2 4:1' });
    expect(one.begin(5)).toBeUndefined();
    expect(one.take()).toEqual({ offset: '8', metadata: 'micro1 7 0:2 4:1' });
    expect(one.begin(12)).toBe(2); // 8 is gone from the topic
    one.done(12);
    expect(one.take()).toEqual({ offset: '15', metadata: '' });
  });

  test('metadata of others, or too long for Kafka, says nothing', () => {
    for (const text of [
      '',
      'metadata',
      'micro1',
      'micro1 x',
      'micro1 3 1:',
      'micro1 -1',
      `micro1 ${'9'.repeat(20)}`,
    ])
      expect(makeProgress(0, text).begin(0)).toBe(1);
    const long = makeProgress(0);
    for (let offset = 0; offset < 2_000; offset++) long.begin(offset);
    expect(long.take()).toEqual({ offset: '0', metadata: '' });
  });

  test('whatever the order, no event that is not done is below the commit or taken for done', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 0, max: 50 }),
        fc.shuffledSubarray([...Array(12).keys()]),
        (start, order) => {
          const one = makeProgress(start);
          for (let n = 0; n < 12; n++) one.begin(start + n);
          for (const n of order) one.done(start + n);
          const { offset, metadata } = one.take() ?? { offset: '', metadata: '' };
          const two = makeProgress(Number(offset), metadata);
          for (let n = 0; n < 12; n++) {
            const at = start + n;
            const begun = at < Number(offset) ? undefined : two.begin(at);
            expect(begun).toBe(order.includes(n) ? undefined : 2);
          }
        },
      ),
    );
  });
});

describe('names', () => {
  test.each(['greetings', 'user.signup', 'a_b-c', 'UPPER'])('the topic %s is itself in Kafka', (topic) =>
    expect(topicOf(topic)).toBe(topic),
  );

  test('any two topics have two names, which are legal, and free of what objects have', () => {
    const topic = fc.oneof(
      fc.constantFrom('.', '..', '__proto__', 'constructor', 'x'.repeat(250)),
      fc.string({ unit: 'grapheme', minLength: 1, maxLength: 300 }),
    );
    fc.assert(
      fc.property(topic, topic, (one, two) => {
        for (const name of [one, two].map(topicOf)) {
          expect(name).toMatch(/^(?!\.{1,2}$)[\w.-]{1,249}$/);
          expect(name in {}).toBe(false);
        }
        if (one !== two) expect(topicOf(one)).not.toBe(topicOf(two));
      }),
    );
  });

  test('the topic of a group can be told from others', () => {
    expect(isGroupOf(groupOf('a/b', 'x.y'), 'x.y')).toBe(true);
    expect(isGroupOf(groupOf('a', 'x.y'), 'y')).toBe(false);
  });
});

test('options that make no sense are refused', () => {
  for (const address of ['', 'host', 'kafka://host:1', 'user:password@host:1'])
    expect(() => settingsOf({ address })).toThrow(/host:port/);
  expect(() => settingsOf({ partitions: 0 })).toThrow(/partitions/);
  expect(() => settingsOf({ sessionMs: 0.5 })).toThrow(/sessionMs/);
  expect(settingsOf({ address: 'a:1, [::1]:2' }).brokers).toEqual(['a:1', '[::1]:2']);
});
