import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { decodeEnvelope, encodeEnvelope } from '../src/envelope.ts';
import { isMicroError } from '../src/errors.ts';

// Captured from go-micro v4.11 and v5.30 (TV15)
const goText =
  '{"Header":{"Content-Type":"application/json","Micro-ID":"0b4c2f6e-1d2a-4c3b-9e8f-7a6b5c4d3e2f","Micro-Topic":"greetings"},"Body":"eyJuYW1lIjoiSm9obiJ9Cg=="}';
const text = (bytes: Uint8Array): string => new TextDecoder().decode(bytes);

describe('the envelope', () => {
  test('reads what Go writes, with names in lower case', () => {
    const { header, body } = decodeEnvelope(Buffer.from(goText));
    expect(Object.getPrototypeOf(header)).toBeNull();
    expect({ ...header }).toEqual({
      'content-type': 'application/json',
      'micro-id': '0b4c2f6e-1d2a-4c3b-9e8f-7a6b5c4d3e2f',
      'micro-topic': 'greetings',
    });
    expect(text(body)).toBe('{"name":"John"}\n');
  });

  test('reads the id of go-micro up to v4.9, and an empty header and body as Go writes them', () => {
    const old = decodeEnvelope(Buffer.from(goText.replace('Micro-ID', 'Micro-Id')));
    expect(old.header['micro-id']).toBe('0b4c2f6e-1d2a-4c3b-9e8f-7a6b5c4d3e2f');
    const empty = decodeEnvelope(Buffer.from('{"Header":null,"Body":null}'));
    expect([Object.keys(empty.header), empty.body.byteLength]).toEqual([[], 0]);
  });

  test('writes names as Go looks them up, both spellings of the id, and the topic it is sent to', () => {
    const header = {
      'content-type': 'application/json',
      'micro-id': '0b4c2f6e-1d2a-4c3b-9e8f-7a6b5c4d3e2f',
      'micro-topic': 'another',
      traceparent: '00-1',
      'x-tenant-id': 'a',
    };
    const body = new TextEncoder().encode('{"name":"John"}\n');
    const written: unknown = JSON.parse(text(encodeEnvelope('greetings', { header, body })));
    expect(written).toEqual({
      Header: {
        'Content-Type': 'application/json',
        'Micro-Id': '0b4c2f6e-1d2a-4c3b-9e8f-7a6b5c4d3e2f',
        'Micro-ID': '0b4c2f6e-1d2a-4c3b-9e8f-7a6b5c4d3e2f',
        'Micro-Topic': 'greetings',
        Traceparent: '00-1',
        'X-Tenant-Id': 'a',
      },
      Body: 'eyJuYW1lIjoiSm9obiJ9Cg==',
    });
  });

  test('any header with lower-case names and any bytes survive', () => {
    const name = fc.string({ unit: fc.constantFrom(...'abcxyz019-_.'), minLength: 1 });
    const names = fc.oneof(name, fc.constantFrom('__proto__', 'constructor', 'tostring'));
    const headers = fc.uniqueArray(fc.tuple(names, fc.string({ unit: 'grapheme' })), {
      selector: ([key]) => key,
    });
    fc.assert(
      fc.property(headers, fc.uint8Array(), (pairs, body) => {
        const header: Record<string, string> = Object.create(null);
        for (const [key, value] of pairs) header[key] = value;
        header['micro-topic'] = 't';
        const back = decodeEnvelope(encodeEnvelope('t', { header, body }));
        expect(Object.entries(back.header).sort()).toEqual(Object.entries(header).sort());
        expect([...back.body]).toEqual([...body]);
      }),
    );
  });

  test.each([
    ['nothing', ''],
    ['not JSON', '{"Header":'],
    ['not UTF-8', Buffer.from([0x22, 0xff, 0x22])],
    ['a list', '[]'],
    ['null', 'null'],
    ['a header that is a list', '{"Header":["a"],"Body":""}'],
    ['a header with a number', '{"Header":{"a":1},"Body":""}'],
    ['a header with an object', '{"Header":{"__proto__":{"polluted":"yes"}},"Body":""}'],
    ['a body that is a number', '{"Header":{},"Body":1}'],
    ['garbage for base64', '{"Header":{},"Body":"!!!!"}'],
    ['base64 without its padding', '{"Header":{},"Body":"YQ"}'],
    ['half of base64', '{"Header":{},"Body":"YWJj\\u0000"}'],
  ])('refuses %s', (_, bytes) => {
    let thrown: unknown;
    try {
      decodeEnvelope(Buffer.from(bytes as string));
    } catch (error) {
      thrown = error;
    }
    expect(isMicroError(thrown, 'bad_request')).toBe(true);
  });

  test('random text is read or refused with bad_request, and makes no prototype', () => {
    fc.assert(
      fc.property(fc.oneof(fc.json(), fc.string()), (input) => {
        try {
          decodeEnvelope(Buffer.from(input));
        } catch (error) {
          expect(isMicroError(error, 'bad_request')).toBe(true);
        }
        expect(Reflect.get({}, 'polluted')).toBeUndefined();
      }),
    );
  });
});
