import { types } from 'node:util';
import { describe, expect, test } from '@jest/globals';
import { decode, type Packet } from 'dns-packet';
import fc from 'fast-check';
import {
  decodeMessage,
  encodeAnnouncement,
  encodeAnswer,
  encodeQuestion,
  type Instance,
} from '../src/packet.ts';
import { answerByGo, largeByGo } from './vectors.ts';

const goBytes = Buffer.from(answerByGo, 'hex');
const id = 'greeter-6f1b2c3d-4e5f-4a6b-8c7d-9e0f1a2b3c4d';
const instance: Instance = {
  instance: `${id}.greeter.micro`,
  target: 'vm',
  host: '127.0.0.1',
  port: 7411,
  text: largeByGo,
};

/** What a message says once name compression is undone: flags, sections, order, names, data. */
const plain = ({ type, flags, questions, answers, authorities, additionals }: Packet): unknown => ({
  type,
  flags,
  questions,
  answers: answers?.map((one) => (one.type === 'TXT' ? { ...one, data: String(one.data) } : one)),
  authorities,
  additionals,
});

describe('messages', () => {
  test('reads the answer of a Go service', () => {
    expect(goBytes).toHaveLength(562);
    const sighting = {
      instance: instance.instance,
      host: '127.0.0.1',
      port: 7411,
      ttl: 120,
      text: largeByGo.join(''),
    };
    expect(decodeMessage(goBytes)).toEqual({ asked: [], answer: true, sightings: [sighting] });
  });

  test('answers with the same sections, order, flags and names as Go', () => {
    expect(plain(decode(encodeAnswer('greeter.micro', instance, 120)))).toEqual(plain(decode(goBytes)));
    expect(encodeAnswer('greeter.micro', instance, 120).subarray(0, 12)).toEqual(goBytes.subarray(0, 12));
  });

  test('writes the list entry with a TXT record of no string at all', () => {
    const entry = {
      instance: 'greeter._services.micro',
      target: 'vm',
      host: '0.0.0.0',
      port: 9999,
      text: [],
    };
    const bytes = encodeAnswer('_services.micro', entry, 120);
    expect(bytes.subarray(-2)).toEqual(Buffer.alloc(2));
    expect(decodeMessage(bytes).sightings).toEqual([
      { instance: entry.instance, host: '0.0.0.0', port: 9999, ttl: 120, text: '' },
    ]);
  });

  test('announces without a question, a PTR or the AA flag, and says goodbye with TTL 0', () => {
    const bytes = encodeAnnouncement(instance, 0);
    expect(bytes.subarray(0, 12).toString('hex')).toBe('000080000000000300000000');
    expect(decode(bytes).answers?.map(({ type }) => type)).toEqual(['SRV', 'A', 'TXT']);
    expect(decodeMessage(bytes)).toMatchObject({ answer: false, sightings: [{ ttl: 0 }] });
  });

  test('asks as Go asks: PTR, class IN, one question, no recursion', () => {
    const bytes = encodeQuestion('greeter.micro', 7);
    expect(bytes.toString('hex')).toBe('0007000000010000000000000767726565746572056d6963726f00000c0001');
    expect(decodeMessage(bytes)).toEqual({ asked: ['greeter.micro'], answer: false, sightings: [] });
  });

  test('carries IPv6 nodes in AAAA records', () => {
    const bytes = encodeAnnouncement({ ...instance, host: 'fd00::2' }, 9);
    expect(decode(bytes).answers?.[1]?.type).toBe('AAAA');
    expect(decodeMessage(bytes).sightings[0]?.host).toBe('fd00::2');
  });

  test('refuses more records than any message of ours has, before it reads one', () => {
    const bytes = Buffer.from(goBytes);
    bytes.writeUInt16BE(60_000, 6);
    expect(() => decodeMessage(bytes)).toThrow(/256 records/);
  });

  test('survives any bytes, and Go messages with any bytes wrong or missing', () => {
    const tried = (bytes: Uint8Array): void => {
      try {
        for (const { host, port } of decodeMessage(Buffer.from(bytes)).sightings) {
          expect(host).toMatch(/^[\d.]+$|:/);
          expect(port).toBeGreaterThan(0);
        }
      } catch (error) {
        expect(types.isNativeError(error)).toBe(true);
      }
    };
    fc.assert(fc.property(fc.uint8Array({ maxLength: 600 }), tried));
    const wrong = fc.array(fc.tuple(fc.nat(goBytes.length - 1), fc.nat(255)), { maxLength: 20 });
    fc.assert(
      fc.property(wrong, fc.nat(goBytes.length), (changes, length) => {
        const bytes = Buffer.from(goBytes);
        for (const [at, value] of changes) bytes[at] = value;
        tried(bytes.subarray(0, length));
      }),
      { numRuns: 1000 },
    );
  });
});
