import { describe, expect, test } from '@jest/globals';
import { MicroError } from '@micro/core';
import { contentTypeOf, grpcTypeOf } from '../src/content-type.ts';
import { DescriptorIndex } from '../src/descriptor-index.ts';
import { describeFile, describeMessage } from '../src/descriptors.ts';
import { readMetadata, writeMetadata } from '../src/metadata.ts';
import { pathOf, readPath } from '../src/path.ts';
import { bytesField, message, numberField, readFields } from '../src/protobuf.ts';
import { grpcCodeOf, statusDetails, statusError } from '../src/status.ts';
import { readTimeout, writeTimeout } from '../src/timeout.ts';

describe('paths', () => {
  test('are spelled as go-micro spells them', () => {
    expect(pathOf('greeter', 'Greeter.Hello')).toBe('/greeter.Greeter/Hello');
    expect(pathOf('go.micro.srv.greeter', 'Say.Hello')).toBe('/go.micro.srv.greeter.Say/Hello');
    expect(pathOf('', 'Say.Hello')).toBe('/Say/Hello');
    expect(pathOf('ignored', '/pkg.Say/Hello')).toBe('/pkg.Say/Hello');
  });

  test('are read by their last parts, whatever the service is called', () => {
    expect(readPath('/a.b.Foo/Bar')).toEqual({ service: 'a.b', endpoint: 'Foo.Bar' });
    expect(readPath('/Foo/Bar')).toEqual({ service: '', endpoint: 'Foo.Bar' });
    for (const service of ['größe 日本', 'with/slash', '100%', 'a.b', '__proto__'])
      expect(readPath(pathOf(service, 'Foo.Bar'))).toEqual({ service, endpoint: 'Foo.Bar' });
  });

  test('that are none are no one', () => {
    for (const path of ['', '/', '/nope', 'Foo/Bar', '/Foo/', '//Bar', '/a/b/c'])
      expect(readPath(path)).toBeUndefined();
    for (const endpoint of ['', 'Hello', 'a.b.c', 'Foo.', '.Bar', 'Foo.B ar', '/with space/x'])
      expect(() => pathOf('greeter', endpoint)).toThrow(MicroError);
  });
});

describe('content types', () => {
  test('have the codec as their subtype', () => {
    expect(grpcTypeOf('application/json')).toBe('application/grpc+json');
    expect(grpcTypeOf('application/protobuf')).toBe('application/grpc+proto');
    expect(grpcTypeOf('application/msgpack')).toBe('application/grpc+msgpack');
    expect(() => grpcTypeOf('text/plain')).toThrow(/text\/plain/);
  });

  test('are read with and without a subtype, and with parameters', () => {
    expect(contentTypeOf('application/grpc')).toBe('application/protobuf');
    expect(contentTypeOf('application/grpc+proto')).toBe('application/protobuf');
    expect(contentTypeOf('application/grpc+json')).toBe('application/json');
    expect(contentTypeOf('application/grpc+JSON; charset=utf-8')).toBe('application/json');
    expect(contentTypeOf('application/grpc;x=y')).toBe('application/protobuf');
  });
});

describe('deadlines', () => {
  test('are written in at most eight digits, and read again', () => {
    for (const ms of [0.001, 1, 29_988.493, 99_999, 100_000, 3_600_000, 1e9, 1e13]) {
      const text = writeTimeout(ms);
      expect(text).toMatch(/^[0-9]{1,8}[umS]$/);
      const read = readTimeout({ 'grpc-timeout': text });
      expect(read).toBeGreaterThan(0);
      expect(read).toBeLessThanOrEqual(ms * 1.000001);
      if (ms < 1e9) expect(read).toBeGreaterThan(ms * 0.99 - 1);
    }
    expect(writeTimeout(-5)).toBe('1u');
  });

  test('of gRPC and of go-micro both count: the smaller one wins', () => {
    expect(readTimeout({})).toBe(0);
    expect(readTimeout({ 'grpc-timeout': '2S' })).toBe(2_000);
    expect(readTimeout({ timeout: '1000000' })).toBe(1);
    expect(readTimeout({ 'grpc-timeout': '2S', timeout: '5000000000' })).toBe(2_000);
    expect(readTimeout({ 'grpc-timeout': '1H', timeout: '5000000000' })).toBe(5_000);
    expect(readTimeout({ timeout: 'soon' })).toBe(0);
    for (const wrong of ['', '5', 'S', '123456789S', '-1S', '1s', '1e3S'])
      expect(() => readTimeout({ 'grpc-timeout': wrong })).toThrow(MicroError);
  });
});

describe('metadata', () => {
  const written = (metadata: Record<string, string>): Record<string, string> => {
    const headers: Record<string, string> = Object.create(null);
    writeMetadata(metadata, headers);
    return headers;
  };

  test('of any text comes back as it was', () => {
    const metadata = {
      plain: 'value',
      unicode: 'größe 日本語 🚀',
      empty: '',
      'blob-bin': 'AP8=',
      'a.b_c-d': 'x',
    };
    expect({ ...readMetadata(written(metadata)) }).toEqual(metadata);
  });

  test('that gRPC cannot carry is refused by its name', () => {
    const refused: readonly Record<string, string>[] = [
      { key: 'a\r\nb' },
      { key: 'nul\u0000' },
      { key: 'tab\tin it' },
      { key: ' blank' },
      { 'key with spaces': 'x' },
      { 'key\r\nevil': 'x' },
      { '': 'x' },
      { ':path': 'x' },
      { 'grpc-timeout': '1S' },
      { 'content-type': 'x' },
      { connection: 'x' },
      { timeout: '1' },
      { 'blob-bin': 'not base64!' },
      { key: 'x'.repeat(50_000) },
    ];
    for (const metadata of refused) expect(() => written(metadata)).toThrow(/metadata/);
  });

  test('leaves out what is of HTTP, gRPC and go-micro', () => {
    const headers = {
      ':path': '/',
      te: 'trailers',
      'grpc-timeout': '1S',
      'x-content-type': 'x',
      tenant: 'acme',
    };
    expect({ ...readMetadata(headers) }).toEqual({ tenant: 'acme' });
  });
});

describe('statuses', () => {
  const error = new MicroError('not_found', 'user not found', { id: 'greeter' });
  const goError = '0a07677265657465721094031a0e75736572206e6f7420666f756e6422094e6f7420466f756e64';
  // as a go-micro server sent it (go-micro v4.11 and v5.30)
  const goDetails =
    'CAUSSnsiaWQiOiJncmVldGVyIiwiY29kZSI6NDA0LCJkZXRhaWwiOiJ1c2VyIG5vdCBmb3VuZCIsInN0YXR1cyI6Ik5vdCBGb3VuZCJ9GksKIHR5cGUuZ29vZ2xlYXBpcy5jb20vZXJyb3JzLkVycm9yEicKB2dyZWV0ZXIQlAMaDnVzZXIgbm90IGZvdW5kIglOb3QgRm91bmQ';

  test("have go-micro's error in their details, byte for byte", () => {
    const details = statusDetails(5, error);
    expect(details.toString('hex')).toContain(goError);
    const any = Buffer.from(goDetails, 'base64').toString('hex');
    expect(any).toContain(goError);
    const ours = readFields(details).find(({ number }) => number === 3)?.bytes ?? Buffer.alloc(0);
    expect(any).toContain(Buffer.from(ours).toString('hex'));
  });

  test('of a go-micro server are read from the details, and from JSON in the text', () => {
    const json = '{"id":"greeter","code":404,"detail":"user not found","status":"Not Found"}';
    for (const read of [
      statusError(5, json, Buffer.from(goDetails, 'base64')),
      statusError(5, json, undefined),
      statusError(5, 'ignored', statusDetails(5, error)),
    ])
      expect([read.code, read.id, read.status, read.message]).toEqual([
        'not_found',
        'greeter',
        404,
        'user not found',
      ]);
  });

  test('of any other server are read by their code, and their text is kept', () => {
    const codes = Array.from({ length: 17 }, (_, index) => statusError(index + 1, 'text', undefined).code);
    expect(codes).toEqual([
      ...[
        'canceled',
        'internal',
        'bad_request',
        'timeout',
        'not_found',
        'conflict',
        'forbidden',
        'overloaded',
      ],
      ...[
        'precondition_failed',
        'conflict',
        'bad_request',
        'unimplemented',
        'internal',
        'unavailable',
        'internal',
      ],
      ...['unauthorized', 'internal'],
    ]);
    expect(statusError(7, 'text', undefined).message).toBe('text');
    expect(statusError(8, 'grpc: received message larger than max (5 vs. 4)', undefined).code).toBe(
      'too_large',
    );
    expect(statusError(13, '{"code":"x"}', undefined).message).toBe('{"code":"x"}');
  });

  test('with details that are hostile or of somebody else are read by their code', () => {
    const foreign = message(
      numberField(1, 5),
      bytesField(3, message(bytesField(1, 'type/other'), bytesField(2, 'x'))),
    );
    const negative = Buffer.from('10ffffffffffffffffff01', 'hex');
    const wrapped = message(
      bytesField(3, message(bytesField(1, 'type.googleapis.com/errors.Error'), bytesField(2, negative))),
    );
    for (const details of [foreign, wrapped, Buffer.alloc(100, 0xff), Buffer.of(0x1a, 0x7f), Buffer.of(0x0b)])
      expect(statusError(5, 'text', details)).toMatchObject({ code: 'not_found', message: 'text' });
    for (let seed = 1; seed < 2_000; seed++) {
      const bytes = Buffer.from(
        Array.from({ length: seed % 40 }, (_, at) => Math.imul(seed * 31 + at, 2_654_435_761) >>> 24),
      );
      expect(statusError(5, 'text', bytes)).toBeInstanceOf(MicroError);
    }
  });

  test("have the codes of gRPC's documents, and UNKNOWN for numbers of one's own", () => {
    expect(grpcCodeOf(new MicroError('too_large', ''))).toBe(8);
    expect(grpcCodeOf(new MicroError('overloaded', ''))).toBe(8);
    expect(grpcCodeOf(new MicroError('canceled', ''))).toBe(1);
    expect(grpcCodeOf(new MicroError('internal', '', { status: 599 }))).toBe(2);
  });
});

describe('descriptors', () => {
  const deep = message(
    describeFile('deep.proto', 'deep', [describeMessage('Deep')], []),
    bytesField(3, 'base.proto'),
  );
  const base = describeFile('base.proto', '', [describeMessage('Base')], []);
  const index = new DescriptorIndex();
  for (const file of [deep, base, deep]) index.add(file);

  test('of a file come with what it imports, on each stream once', () => {
    const sent = new Set<string>();
    expect(index.bySymbol('deep.Deep', sent)).toEqual([deep, base]);
    expect(index.bySymbol('deep.Deep', sent)).toEqual([deep]);
    expect(index.byName('base.proto', sent)).toEqual([base]);
    expect(index.bySymbol('Base', new Set())).toEqual([base]);
  });

  test('that nobody has given are not there, and extensions of a known message are none', () => {
    expect(index.bySymbol('deep.Nothing', new Set())).toBeUndefined();
    expect(index.byName('__proto__', new Set())).toBeUndefined();
    expect(index.extensionsOf('Base')).toEqual([]);
    expect(index.extensionsOf('Nothing')).toBeUndefined();
    expect(index.byExtension('Base', 1, new Set())).toBeUndefined();
  });
});
