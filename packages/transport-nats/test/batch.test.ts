import { expect, test } from '@jest/globals';
import { isMicroError, type MicroError } from '@micro/core';
import { decodeBatch, encodeBatch, isBatch, type Outgoing } from '../src/batch.ts';
import { encodeFields } from '../src/message.ts';

const head = encodeFields(['Content-Type', 'application/json', 'Micro-Service', 'greeter'], false);
const other = encodeFields(['Content-Type', 'application/octet-stream'], false);
const same = (token: string): string => token;

function message(session: string, more: Partial<Outgoing> = {}): Outgoing {
  const around = { subject: 'greeter', reply: 'inbox.1', batch: 'greeter', metadata: undefined };
  return { ...around, session, head, fields: ['Micro-ID', session], body: '{"name":"Ada"}', ...more };
}

function failure(data: Uint8Array): MicroError | undefined {
  try {
    decodeBatch(data, same);
    return undefined;
  } catch (error) {
    if (isMicroError(error)) return error;
    throw error;
  }
}

test('a batch carries heads, fields, metadata and bodies of texts and bytes as they are', () => {
  const metadata = { tenant: 'Zürich \u{1F98A}', __proto__x: 'a"b\\c\nd', empty: '' };
  const bytes = Uint8Array.from([0, 10, 13, 91, 255]);
  const messages = [
    message('1'),
    message('2', { metadata, body: '{"name":"Grüße \u{1F98A}"}\n' }),
    message('3-1', { head: other, body: bytes, fields: ['Micro-ID', '3', 'Timeout', '5000000000'] }),
    message('4', { body: undefined }),
    message('5', { metadata: Object.fromEntries([['__proto__', 'own']]) }),
  ];
  const data = encodeBatch(messages);
  expect(isBatch(data)).toBe(true);
  const read = decodeBatch(data, (token) => `inbox.${token}`);
  expect(read.map(({ session }) => session)).toEqual([
    'inbox.1',
    'inbox.2',
    'inbox.3-1',
    'inbox.4',
    'inbox.5',
  ]);
  expect(read.map((one) => Buffer.from(one.bytes()).toString('latin1'))).toEqual(
    messages.map(({ body = '' }) => Buffer.from(body).toString('latin1')),
  );
  expect(read.map(({ header }) => header.get('Content-Type'))).toEqual(
    messages.map((one) => (one.head === head ? 'application/json' : 'application/octet-stream')),
  );
  expect([...(read[1]?.header.keys() ?? [])].sort()).toEqual(
    ['Content-Type', 'Micro-ID', 'Micro-Service', ...Object.keys(metadata)].sort(),
  );
  for (const [key, value] of Object.entries(metadata)) expect(read[1]?.header.get(key)).toBe(value);
  expect(read[2]?.header.get('Timeout')).toBe('5000000000');
  expect(read[4]?.header.get('__proto__')).toBe('own');
  expect(read[0]?.header.get('constructor')).toBeUndefined();
});

test.each([
  ['no line feed', '[[{}],[[]],["1",0,0,0]]'],
  ['no JSON', '[[{}],\n'],
  ['no entries', '[[{}],[[]]]\n'],
  ['a fourth part', '[[{}],[[]],[],[]]\n'],
  ['a head that is no object of texts', '[[{"a":1}],[[]],[]]\n'],
  ['names that are no texts', '[[{}],[[1]],[]]\n'],
  ['a session that is no token', '[[{}],[[]],["a.b",0,0,0]]\n'],
  ['a session that is a number', '[[{}],[[]],[1,0,0,0]]\n'],
  ['a head that is not there', '[[{}],[[]],["1",1,0,0]]\n'],
  ['names that are not there', '[[{}],[[]],["1",0,-1,0]]\n'],
  ['a name without its value', '[[{}],[["a"]],["1",0,0,0]]\n'],
  ['a value that is no text', '[[{}],[["a"]],["1",0,0,0,null]]\n'],
  ['a body longer than what is there', '[[{}],[[]],["1",0,0,3]]\nab'],
  ['bytes that belong to no body', '[[{}],[[]],["1",0,0,1]]\nab'],
  ['a size that is no number', '[[{}],[[]],["1",0,0,"1"]]\na'],
  ['a size with a fraction', '[[{}],[[]],["1",0,0,0.5]]\na'],
])('a batch with %s is refused whole', (_, text) => {
  expect(failure(Buffer.from(text))).toMatchObject({ code: 'bad_request' });
});

test('what is changed anywhere in a batch is read or refused, and never anything else', () => {
  const data = encodeBatch(['1', '2', '3'].map((session) => message(session, { metadata: { a: 'b' } })));
  for (let at = 0; at < data.length; at++) {
    for (const byte of [0, 10, 34, 44, 48, 57, 91, 93, 123, 255]) {
      const changed = Buffer.from(data);
      changed[at] = byte;
      expect(['bad_request', undefined]).toContain(failure(changed)?.code);
      expect(['bad_request', undefined]).toContain(failure(changed.subarray(0, at))?.code);
    }
  }
});
