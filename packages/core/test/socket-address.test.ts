import { networkInterfaces } from 'node:os';
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { isMicroError } from '../src/index.ts';
import { announcedAddress, formatAddress, parseAddress } from '../src/plugin.ts';

describe('an address', () => {
  test.each([
    ['10.0.0.5:80', '10.0.0.5', 80],
    ['host.example:65535', 'host.example', 65_535],
    ['under_score-dash:0', 'under_score-dash', 0],
    ['[::1]:8080', '::1', 8080],
    ['[fe80::1%eth0]:1', 'fe80::1%eth0', 1],
    ['[::ffff:10.0.0.1]:1', '::ffff:10.0.0.1', 1],
    [':9090', undefined, 9090],
    [':0', undefined, 0],
  ])('%s has its host and its port', (text, host, port) => {
    expect(parseAddress(text)).toEqual({ text, host, port, path: undefined });
  });

  test('may be a Unix socket, whatever its path', () => {
    for (const path of ['/run/a.sock', 'relative', '/with space:80', '/ü'])
      expect(parseAddress(`unix:${path}`)).toEqual({ text: `unix:${path}`, host: undefined, port: 0, path });
  });

  test.each([
    ...[
      '',
      'host',
      'host:',
      'host:port',
      'host:65536',
      'host:-1',
      'host:+1',
      'host:1e3',
      'host:080808',
      'a b:1',
    ],
    ...[
      '::1:80',
      '[::1]',
      '[::1]80',
      '[::1',
      '[]:80',
      '[x]:80',
      '[1.2.3.4]:80',
      '[::1%]:80',
      'http://host:80',
      'host:80/path',
      'host:80\n',
    ],
    ...[
      'user@host:80',
      'unix:',
      'unix:/a\0b',
      'host:８０',
      'ho\u0000st:80',
      ' host:80',
      'host: 80',
      'hést:80',
    ],
  ])('%j is refused, and quoted', (text) => {
    expect(() => parseAddress(text)).toThrow(
      expect.objectContaining({ code: 'bad_request', message: expect.stringContaining(`"${text}"`) }),
    );
  });

  test('is written so that it is read again', () => {
    fc.assert(
      fc.property(fc.oneof(fc.ipV4(), fc.ipV6(), fc.domain()), fc.nat(65_535), (host, port) => {
        expect(parseAddress(formatAddress(host, port))).toMatchObject({ host, port });
      }),
    );
  });

  test('whatever it is, is read whole or refused with bad_request, in linear time', () => {
    const pieces = fc.constantFrom(
      '[',
      ']',
      ':',
      '::',
      '%',
      '.',
      '1',
      'f',
      'unix:',
      '65535',
      '-',
      '\0',
      '\n',
      ' ',
    );
    const texts = fc.oneof(
      fc.string({ unit: 'binary' }),
      fc.array(pieces).map((all) => all.join('')),
    );
    fc.assert(
      fc.property(texts, (text) => {
        try {
          const read = parseAddress(text);
          expect(read.text).toBe(text);
          expect(read.port >= 0 && read.port <= 65_535 && Number.isInteger(read.port)).toBe(true);
          if (read.path === undefined)
            expect(text.endsWith(`:${text.slice(text.lastIndexOf(':') + 1)}`)).toBe(true);
          if (read.host !== undefined) expect(text).toContain(read.host);
        } catch (error) {
          if (!isMicroError(error, 'bad_request')) throw error;
        }
      }),
      { numRuns: 2_000 },
    );
    for (const long of ['a'.repeat(1e6), `[${':'.repeat(1e6)}`, `${'a.'.repeat(5e5)}:`])
      expect(() => parseAddress(long)).toThrow('is not host:port');
  });
});

describe('the address to announce', () => {
  test.each(['10.0.0.5:80', 'host:1', '[::1]:1', 'unix:/a', 'memory:3', '127.0.0.1:5', 'name', '0.0.0.0'])(
    '%s stays as it is',
    (address) => {
      expect(announcedAddress(address)).toBe(address);
    },
  );

  test.each([':80', '0.0.0.0:80', '[::]:80', '*:80'])('%s becomes one of this machine', (address) => {
    const { host, port } = parseAddress(announcedAddress(address));
    const own = Object.values(networkInterfaces()).flatMap((list) => list ?? []);
    expect(port).toBe(80);
    expect(own.map(({ address: one }) => one)).toContain(host);
    const outside = own.filter(({ internal, family }) => !internal && family === 'IPv4');
    if (outside.length > 0) expect(outside.map(({ address: one }) => one)).toContain(host);
  });
});
