import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { nameOf, subjectOf } from '../src/names.ts';

describe('subjects', () => {
  test.each(['greetings', 'user.signup', 'go.micro.topic', 'größe', 'a*b>c', '__proto__', 'orders/eu'])(
    'the topic %s is a subject as it is, so that Go meets us there',
    (topic) => expect(subjectOf(topic)).toBe(topic),
  );

  test.each([
    ['with blanks\tin it', 'with%20blanks%09in%20it'],
    ['100%', '100%25'],
    ['*', '%2A'],
    ['a.>', 'a.%3E'],
    ['.a..b.', '%2Ea%2E.b%2E'],
    ['$SYS.ACCOUNT', '%24SYS.ACCOUNT'],
    ['_INBOX.x', '%5FINBOX.x'],
    ['a\r\nPUB b 0', 'a%0D%0APUB%20b%200'],
  ])('what NATS would read otherwise is encoded: %j', (topic, subject) => {
    expect(subjectOf(topic)).toBe(subject);
  });

  test('any two topics have two subjects, which are literal and fit into a line of the protocol', () => {
    const topic = fc.oneof(
      fc.string({ unit: fc.constantFrom(...'ab.*>%$_ \n'), minLength: 1, maxLength: 8 }),
      fc.string({ unit: 'grapheme', minLength: 1, maxLength: 2_000 }),
    );
    fc.assert(
      fc.property(topic, topic, (one, two) => {
        for (const subject of [one, two].map(subjectOf)) {
          expect(subject).toMatch(/^[^\s.]+(\.[^\s.]+)*$/u);
          expect(subject.split('.')).not.toContain('*');
          expect(subject.split('.')).not.toContain('>');
          expect(Buffer.byteLength(subject)).toBeLessThanOrEqual(1_000);
        }
        if (one !== two) expect(subjectOf(one)).not.toBe(subjectOf(two));
      }),
    );
  });
});

test('names of streams and consumers are file names, readable, and different for different texts', () => {
  expect(nameOf('mailer-2')).toBe('mailer-2');
  expect(nameOf('user.signup')).toMatch(/^user_signup-[0-9a-f]{16}$/);
  expect(nameOf('user_signup')).toBe('user_signup');
  expect(nameOf('x'.repeat(300))).toMatch(/^x{64}-[0-9a-f]{16}$/);
  const text = fc.string({ unit: fc.constantFrom(...'ab._-/=🚀'), minLength: 1, maxLength: 90 });
  fc.assert(
    fc.property(text, text, (one, two) => {
      expect(nameOf(one)).toMatch(/^[\w-]{1,81}$/);
      if (one !== two) expect(nameOf(one)).not.toBe(nameOf(two));
    }),
  );
});
